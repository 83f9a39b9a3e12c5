"""Every object in a namespace that exists."""

from __future__ import annotations

from collections.abc import Iterator

from floe_compiler.check.hints import near
from floe_compiler.check.index import Index
from floe_compiler.check.scopes import is_namespaced
from floe_compiler.model.diagnostics import Diagnostic, Rule
from floe_compiler.model.objects import Object, ObjectId

MISSING = Rule(
    "C011",
    "object without a namespace",
    "An object of a namespaced kind has no metadata.namespace: where it lands would depend on who applies it. Set it.",
)
NEEDLESS = Rule(
    "C012",
    "Namespace on a cluster-scoped object",
    "Objects of this kind stand outside namespaces; the API server refuses or ignores the namespace. Remove it.",
)
UNRENDERED = Rule(
    "C013",
    "Namespace that nobody makes",
    "An object lies in a namespace that the environment does not render, so applying it fails. "
    "Add the Namespace, or correct the name.",
)

# The namespaces of Argo CD and Flux themselves are made when these are installed.
_DELIVERY_GROUPS = ("argoproj.io", "kustomize.toolkit.fluxcd.io", "source.toolkit.fluxcd.io")
_BUILT_IN = frozenset({"default", "kube-public", "kube-system"})


def check(index: Index) -> Iterator[Diagnostic]:
    """Yield objects whose namespace is missing, needless or not there."""
    definitions = _definitions(index)
    namespaces = {identity.name for identity, _ in index.of("", "Namespace")}
    known = namespaces | _BUILT_IN
    for identity in index.objects:
        namespaced = is_namespaced(identity.group, identity.kind, definitions)
        if not identity.namespace:
            if namespaced:
                yield index.finding(MISSING, identity, "metadata.namespace is missing")
        elif namespaced is False:
            yield index.finding(NEEDLESS, identity, f"metadata.namespace is set, but {identity.kind} has none")
        elif identity.namespace not in known and not _is_delivery(index, identity):
            message = f"there is no Namespace {identity.namespace} in this environment"
            yield index.finding(UNRENDERED, identity, message, near(identity.namespace, namespaces))


def _is_delivery(index: Index, identity: ObjectId) -> bool:
    return identity in index.rendered.delivery or identity.group in _DELIVERY_GROUPS


def _definitions(index: Index) -> dict[tuple[str, str], Object]:
    found: dict[tuple[str, str], Object] = {}
    for _, manifest in index.of("apiextensions.k8s.io", "CustomResourceDefinition"):
        spec = manifest.get("spec", {})
        found[spec.get("group", ""), spec.get("names", {}).get("kind", "")] = manifest
    return found
