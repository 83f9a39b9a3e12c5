"""The alerts that components of all namespaces declare, and the owners of these namespaces."""

from __future__ import annotations

from collections.abc import Iterable

from floe_compiler.model.mesh_facts import OwnedAlert, OwnedNamespace
from floe_compiler.model.unit_facts import UnitFacts


def alerts(units: Iterable[UnitFacts]) -> tuple[OwnedAlert, ...]:
    """Return the declared alerts of all namespaces, sorted."""
    return tuple(sorted(alert for unit in units for alert in unit.alerts))


def namespaces(units: Iterable[UnitFacts]) -> tuple[OwnedNamespace, ...]:
    """Return all namespaces with their owners, sorted."""
    return tuple(sorted(OwnedNamespace(unit.namespace, unit.owner) for unit in units))
