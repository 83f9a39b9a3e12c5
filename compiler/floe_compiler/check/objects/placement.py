"""Whether objects have a namespace if, and only if, their kind is namespaced."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from floe_compiler.check.index import Index
from floe_compiler.model.objects import ObjectId
from floe_compiler.model.scopes import is_namespaced

Misplacement = Literal["no namespace", "needless namespace", "unknown scope"]

# The namespaces of Argo CD and Flux are created when these are installed.
_DELIVERY_GROUPS = ("argoproj.io", "kustomize.toolkit.fluxcd.io", "source.toolkit.fluxcd.io")


def misplaced(index: Index) -> Iterator[tuple[ObjectId, Misplacement]]:
    """Yield the objects that lack a namespace, must not have one, or may or may not need one, with the error."""
    for identity in index.objects:
        namespaced = is_namespaced(identity.group, identity.kind, index.schemas.scopes)
        if namespaced and not identity.namespace:
            yield identity, "no namespace"
        elif namespaced is False and identity.namespace:
            yield identity, "needless namespace"
        elif of_unknown_scope(index, identity):
            yield identity, "unknown scope"


def of_unknown_scope(index: Index, identity: ObjectId) -> bool:
    """Return whether an object has no namespace, and nothing says whether its kind, a custom resource, needs one."""
    if identity.namespace or not identity.kind or index.kubernetes.owns(identity.group):
        return False
    return is_namespaced(identity.group, identity.kind, index.schemas.scopes) is None


def needs_namespace(index: Index, identity: ObjectId) -> bool:
    """Return whether an object can be applied only if the environment renders its namespace."""
    if not identity.namespace or identity in index.rendered.delivery or identity.group in _DELIVERY_GROUPS:
        return False
    return is_namespaced(identity.group, identity.kind, index.schemas.scopes) is not False
