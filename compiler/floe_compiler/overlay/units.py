"""The unit that an object belongs to."""

from __future__ import annotations

from floe_compiler.model.objects import ObjectId


def unit_of(identity: ObjectId) -> str:
    """Return an object's namespace, or a Namespace's own name; "" for other cluster-scoped objects."""
    if (identity.group, identity.kind) == ("", "Namespace"):
        return identity.name
    return identity.namespace
