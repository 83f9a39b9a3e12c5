"""What the tests of this stage have in common."""

from __future__ import annotations

from floe_compiler.model.units import UnitKey


def key(namespace: str) -> UnitKey:
    """Return the key of a namespace of the environment `dev`."""
    return UnitKey("dev", "kind", namespace)
