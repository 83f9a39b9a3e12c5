"""DeclaredUnits -> UnitPlans: what follows from the facts of several namespaces, in a module each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from floe_compiler.derive.backups import database_backups, volume_backups
from floe_compiler.derive.callers import callers
from floe_compiler.derive.completion import completed
from floe_compiler.derive.interfaces import interfaces
from floe_compiler.derive.scrape_targets import scrape_targets
from floe_compiler.derive.shared_secrets import shared_secrets
from floe_compiler.model.mesh_facts import MeshFacts
from floe_compiler.model.plan import Callers, DeclaredUnit, SharedSecrets, UnitPlan
from floe_compiler.model.unit_facts import UnitFacts, unit_facts


@dataclass(frozen=True, slots=True)
class Derived:
    """What follows for one namespace from the facts of all of its environment."""

    callers: Mapping[str, Callers] = field(default_factory=dict)
    shared_secrets: SharedSecrets | None = None

    def plan(self, unit: DeclaredUnit) -> UnitPlan:
        """Return the plan of the namespace."""
        return UnitPlan(unit, self.callers, self.shared_secrets)


def derive(facts: Iterable[UnitFacts]) -> Mapping[str, Derived]:
    """Return what follows for each namespace of one environment, by its name."""
    units = sorted(facts, key=lambda unit: unit.namespace)
    called, shared = callers(units), shared_secrets(units)
    return {unit.namespace: Derived(called.get(unit.namespace, {}), shared.get(unit.namespace)) for unit in units}


def mesh_facts(facts: Iterable[UnitFacts]) -> MeshFacts:
    """Return the facts of all namespaces of one environment that components may ask for."""
    units = tuple(facts)
    return MeshFacts(interfaces(units), scrape_targets(units), database_backups(units), volume_backups(units))


def plan_units(units: Sequence[DeclaredUnit], facts: Iterable[UnitFacts] | None = None) -> tuple[UnitPlan, ...]:
    """Return the plan of each namespace of one environment, in order; `facts` are what the units declare, if known.

    Raises ValueError if a component declares facts too late, in `completes`; KeyError if one names a port that its
    workload does not have.
    """
    known = [unit_facts(unit) for unit in units] if facts is None else list(facts)
    mesh = mesh_facts(known)
    complete = [completed(unit, mesh) if own.completes else unit for unit, own in zip(units, known, strict=True)]
    # What was added may call servers and read secrets; nothing else of it concerns others.
    derived = derive(unit_facts(unit) if own.completes else own for unit, own in zip(complete, known, strict=True))
    return tuple(derived[unit.namespace].plan(unit) for unit in complete)
