"""The namespaces of an environment."""

from __future__ import annotations

from collections.abc import Iterable

from floe_compiler.model.mesh_facts import OwnedNamespace
from floe_compiler.model.unit_facts import UnitFacts


def namespaces(units: Iterable[UnitFacts]) -> tuple[OwnedNamespace, ...]:
    """Return all namespaces and their owners, sorted."""
    return tuple(sorted(OwnedNamespace(unit.namespace, unit.owner) for unit in units))
