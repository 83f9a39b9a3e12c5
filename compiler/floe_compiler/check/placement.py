"""Whether objects lie where objects of their kind do: in a namespace that is there, or in none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from floe_compiler.check.index import Index
from floe_compiler.model.objects import Object, ObjectId
from floe_compiler.model.scopes import is_namespaced

Misplacement = Literal["no namespace", "needless namespace", "unknown namespace"]

# The namespaces of Argo CD and Flux themselves are made when these are installed.
_DELIVERY_GROUPS = ("argoproj.io", "kustomize.toolkit.fluxcd.io", "source.toolkit.fluxcd.io")
_BUILT_IN = frozenset({"default", "kube-public", "kube-system"})


def misplaced(index: Index) -> Mapping[ObjectId, Misplacement]:
    """Return the objects that do not lie where they should, with what is wrong about it, in order."""
    return dict(_misplaced(index))


def _misplaced(index: Index) -> Iterator[tuple[ObjectId, Misplacement]]:
    definitions = _definitions(index)
    known = {identity.name for identity, _ in index.of("", "Namespace")} | _BUILT_IN
    for identity in index.objects:
        namespaced = is_namespaced(identity.group, identity.kind, definitions)
        if not identity.namespace:
            if namespaced:
                yield identity, "no namespace"
        elif namespaced is False:
            yield identity, "needless namespace"
        elif identity.namespace not in known and not _is_delivery(index, identity):
            yield identity, "unknown namespace"


def _is_delivery(index: Index, identity: ObjectId) -> bool:
    return identity in index.rendered.delivery or identity.group in _DELIVERY_GROUPS


def _definitions(index: Index) -> dict[tuple[str, str], Object]:
    found: dict[tuple[str, str], Object] = {}
    for _, manifest in index.of("apiextensions.k8s.io", "CustomResourceDefinition"):
        spec = manifest.get("spec", {})
        found[spec.get("group", ""), spec.get("names", {}).get("kind", "")] = manifest
    return found
