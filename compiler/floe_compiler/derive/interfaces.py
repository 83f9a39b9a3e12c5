"""What people open: the interfaces of all namespaces, which routes and certificates follow from."""

from __future__ import annotations

from collections.abc import Iterable

from floe_compiler.model.mesh_facts import OpenInterface
from floe_compiler.model.unit_facts import UnitFacts


def interfaces(units: Iterable[UnitFacts]) -> tuple[OpenInterface, ...]:
    """Return the interfaces of all namespaces, sorted."""
    return tuple(sorted(one for unit in units for one in unit.interfaces))
