"""The plans of a mesh: its inputs read, resolved, declared and derived, and nothing rendered yet."""

from __future__ import annotations

from pathlib import Path

from floe_compiler.components import registry
from floe_compiler.declare import declare
from floe_compiler.declare.completion import completed
from floe_compiler.derive import plan_units
from floe_compiler.load.input_tree import read_inputs
from floe_compiler.load.mesh import load
from floe_compiler.model.plan import EnvironmentPlan, UnitPlan
from floe_compiler.resolve import resolve
from floe_compiler.resolve.schemas import plain_schemas
from floe_compiler.synthesize.python_constructs import objects_of


def plan_mesh(root: Path) -> tuple[EnvironmentPlan, ...]:
    """Return the plan of each environment. Raises StageFailed."""
    components = registry()
    sources, _ = load(read_inputs(root), plain_schemas(components))
    return resolve(sources, components)[0]


def plan_environment(plan: EnvironmentPlan) -> tuple[UnitPlan, ...]:
    """Return the plan of each unit of an environment."""
    resolved = {unit.scope: unit for unit in plan.units}
    return plan_units(
        [declare(unit, objects_of) for unit in plan.units],
        lambda declared, mesh: completed(resolved[declared.scope], declared, mesh),
        ingress=plan.ingress,
    )
