"""What the namespaces of an environment declare, and what follows for each from the others; nothing is rendered."""

from __future__ import annotations

from floe_compiler.declare import declare
from floe_compiler.declare.completion import completed
from floe_compiler.derive import plan_units
from floe_compiler.model.plan import EnvironmentPlan, UnitPlan
from floe_compiler.synthesize.python_constructs import objects_of


def planned_units(plan: EnvironmentPlan) -> tuple[UnitPlan, ...]:
    """Return the plans of the namespaces. Raises SecretConflict if two components declare a secret differently."""
    resolved = {unit.scope: unit for unit in plan.units}
    declared = [declare(unit, objects_of) for unit in plan.units]
    return tuple(
        plan_units(declared, lambda unit, mesh: completed(resolved[unit.scope], unit, mesh), ingress=plan.ingress)
    )
