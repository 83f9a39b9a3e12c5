"""What components declare, kept from the first time, as most variations leave most of them as they are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

from msgspec.structs import replace

from floe_compiler.declare import RunConstructs, declare, declare_instance
from floe_compiler.declare.completion import added_by, completed
from floe_compiler.derive import plan_units
from floe_compiler.derive.linked import linked_servers
from floe_compiler.explain.remembered import Remembered
from floe_compiler.model.facts import Parts
from floe_compiler.model.mesh_facts import MeshFacts
from floe_compiler.model.plan import (
    Component,
    Context,
    DeclaredInstance,
    DeclaredUnit,
    EnvironmentPlan,
    ResolvedUnit,
    UnitPlan,
)
from floe_compiler.model.unit_facts import UnitFacts, unit_facts
from floe_compiler.synthesize.python_constructs import objects_of

Name = tuple[str, str, str, str]
"""The scope, the slot, the type and the name of a component instance."""


Beside = tuple[tuple[UnitFacts, str], ...]
"""The facts of namespaces in clusters of an environment, each with the addresses of its cluster (empty: unknown)."""


def facts_of(plans: Iterable[EnvironmentPlan]) -> Beside:
    """Return the facts of all namespaces of an environment in some of its clusters."""
    return tuple(
        (unit_facts(declare(unit, objects_of)), plan.cluster.reached_at.cidr if plan.cluster.reached_at else "")
        for plan in plans
        for unit in plan.units
    )


_Other = tuple[DeclaredUnit, UnitFacts]
"""What another unit declares, and its facts for others."""


class Declarations:
    """Declares units; what components, units and their completion gave the first time is kept for the same inputs."""

    def __init__(self) -> None:
        self._declared: dict[Name, tuple[Context[Any], DeclaredInstance]] = {}
        self._declare: dict[Name, Remembered[DeclaredInstance]] = {}
        self._added: dict[Name, Remembered[Parts]] = {}
        self._units: dict[str, tuple[ResolvedUnit, DeclaredUnit, UnitFacts]] = {}
        self._completed: dict[str, tuple[DeclaredUnit, MeshFacts, DeclaredUnit]] = {}
        self._planned: dict[str, tuple[DeclaredUnit, object, Sequence[_Other], UnitPlan]] = {}

    def instance(
        self, component: Component[Any], context: Context[Any], run_constructs: RunConstructs = objects_of
    ) -> DeclaredInstance:
        """Return what one component declares."""
        name = _name(context)
        cached = self._declared.get(name)
        if cached is not None and cached[0] == context:
            return cached[1]
        declare_anew = self._declare.setdefault(name, Remembered(partial(declare_instance, component)))
        declared = replace(declare_anew(context, run_constructs), instance=context.instance)
        self._declared.setdefault(name, (context, declared))
        return declared

    def unit(self, unit: ResolvedUnit) -> DeclaredUnit:
        """Return a unit with what its components declare."""
        return self._unit(unit)[0]

    def planned(self, unit: ResolvedUnit, plan: EnvironmentPlan, beside: Beside = ()) -> UnitPlan:
        """Return the plan of one unit of an environment, given the facts of its other clusters.

        If all that it follows from is as it was the first time, it is the very same plan.
        """
        resolved = {other.scope: other for other in (*plan.units, unit)}
        own, *others = map(self._unit, (unit, *(other for other in plan.units if other.scope != unit.scope)))
        here = ((facts, "") for _, facts in (own, *others))
        servers = linked_servers(plan.linking, plan.settings.cluster.name, (*here, *beside))
        opened = plan.ingress, servers
        cached = self._planned.get(unit.scope)
        if cached is not None and cached[0] is own[0] and cached[1] == opened and _look_alike(cached[2], others):
            return cached[3]
        planned = plan_units(
            [own[0], *(other for other, _ in others)],
            lambda declared, mesh: self._with_added(resolved[declared.scope], declared, mesh),
            [own[1], *(facts for _, facts in others)],
            *opened,
        )[0]
        self._planned.setdefault(unit.scope, (own[0], opened, others, planned))
        return planned

    def _unit(self, unit: ResolvedUnit) -> tuple[DeclaredUnit, UnitFacts]:
        cached = self._units.get(unit.scope)
        if cached is not None and cached[0] == unit:
            return cached[1:]
        declared = declare(unit, objects_of, self.instance)
        facts = unit_facts(declared)
        self._units.setdefault(unit.scope, (unit, declared, facts))
        return declared, facts

    def _with_added(self, unit: ResolvedUnit, declared: DeclaredUnit, mesh: MeshFacts) -> DeclaredUnit:
        """Return a unit with what its components add to it."""
        cached = self._completed.get(unit.scope)
        if cached is not None and cached[0] is declared and cached[1] == mesh:
            return cached[2]
        complete = completed(unit, declared, mesh, self._added_by)
        self._completed.setdefault(unit.scope, (declared, mesh, complete))
        return complete

    def _added_by(self, component: Component[Any], context: Context[Any], mesh: MeshFacts) -> Parts:
        """Return what one component adds."""
        return self._added.setdefault(_name(context), Remembered(partial(added_by, component)))(context, mesh)


def _name(context: Context[Any]) -> Name:
    instance = context.instance
    return instance.scope, instance.slot, instance.type, instance.name


def _look_alike(first: Sequence[_Other], second: Sequence[_Other]) -> bool:
    """Return whether other units are the same to a unit: of those that are complete, it only sees the facts."""
    return len(first) == len(second) and all(
        declared is other or (facts == others and not facts.incomplete)
        for (declared, facts), (other, others) in zip(first, second, strict=True)
    )


def same_items(first: Sequence[object], second: Sequence[object]) -> bool:
    """Return whether two sequences have the very same items."""
    return len(first) == len(second) and all(item is other for item, other in zip(first, second, strict=True))
