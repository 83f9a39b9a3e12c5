"""DeclaredUnits -> UnitPlans: what follows from the facts of several namespaces, in a module each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from floe_compiler.derive.callers import callers
from floe_compiler.derive.shared_secrets import shared_secrets
from floe_compiler.model.plan import Callers, DeclaredUnit, SharedSecrets, UnitPlan
from floe_compiler.model.unit_facts import UnitFacts, unit_facts
from floe_compiler.model.units import UnitKey


@dataclass(frozen=True, slots=True)
class Derived:
    """What follows for one namespace from the facts of all of its environment."""

    callers: Mapping[str, Callers] = field(default_factory=dict)
    shared_secrets: SharedSecrets | None = None

    def plan(self, unit: DeclaredUnit) -> UnitPlan:
        """Return the plan of the namespace."""
        return UnitPlan(unit, self.callers, self.shared_secrets)


def derive(facts: Iterable[UnitFacts]) -> Mapping[UnitKey, Derived]:
    """Return what follows for each unit of one environment."""
    units = sorted(facts, key=lambda unit: unit.key)
    called, shared = callers(units), shared_secrets(units)
    return {unit.key: Derived(called.get(unit.namespace, {}), shared.get(unit.namespace)) for unit in units}


def plan_units(units: Sequence[DeclaredUnit]) -> tuple[UnitPlan, ...]:
    """Return the plan of each namespace of one environment, in order."""
    derived = derive(map(unit_facts, units))
    return tuple(derived[unit.key].plan(unit) for unit in units)
