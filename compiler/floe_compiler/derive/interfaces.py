"""The user interfaces of all namespaces, from which routes and certificates are derived."""

from __future__ import annotations

from collections.abc import Iterable

from floe_compiler.model.mesh_facts import OpenInterface
from floe_compiler.model.unit_facts import UnitFacts


def interfaces(units: Iterable[UnitFacts]) -> tuple[OpenInterface, ...]:
    """Return the interfaces of all namespaces, sorted."""
    return tuple(sorted(interface for unit in units for interface in unit.interfaces))
