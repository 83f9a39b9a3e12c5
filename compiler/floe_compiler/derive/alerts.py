"""The alerts that components of all namespaces declare."""

from __future__ import annotations

from collections.abc import Iterable

from floe_compiler.model.mesh_facts import OwnedAlert
from floe_compiler.model.unit_facts import UnitFacts


def alerts(units: Iterable[UnitFacts]) -> tuple[OwnedAlert, ...]:
    """Return the declared alerts of all namespaces, sorted."""
    return tuple(sorted(alert for unit in units for alert in unit.alerts))
