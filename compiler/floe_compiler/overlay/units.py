"""Which unit an object belongs to: units are what the compiler renders, patches and checks apart."""

from __future__ import annotations

from floe_compiler.model.objects import ObjectId


def unit_of(identity: ObjectId) -> str:
    """Return the namespace that an object lies in or, as a Namespace, is; "" for all other cluster-scoped objects."""
    if (identity.group, identity.kind) == ("", "Namespace"):
        return identity.name
    return identity.namespace
