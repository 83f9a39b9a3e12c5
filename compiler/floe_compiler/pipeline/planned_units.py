"""What the namespaces of an environment declare, and what follows for each from the others; nothing is rendered."""

from __future__ import annotations

from collections.abc import Mapping

from floe_compiler.cache.store import Cache
from floe_compiler.declare import declare
from floe_compiler.declare.completion import completed
from floe_compiler.derive import plan_units
from floe_compiler.model.input_files import InputFiles
from floe_compiler.model.listed_secrets import ListedSecret
from floe_compiler.model.plan import EnvironmentPlan, UnitPlan
from floe_compiler.model.secrets import SecretConflict
from floe_compiler.model.sources import Sources
from floe_compiler.pipeline import compile_mesh
from floe_compiler.pipeline.resolving import resolve_inputs
from floe_compiler.synthesize.python_constructs import objects_of
from floe_compiler.synthesize.secret_list import listed_secrets


def plan_environments(
    input_files: InputFiles, environments: tuple[str, ...], cache: Cache
) -> tuple[Sources, Mapping[str, tuple[UnitPlan, ...]]]:
    """Return the documents, and what the namespaces of each environment declare. Raises StageFailed."""
    sources, plans = resolve_inputs(input_files, environments, cache)
    return sources, {plan.settings.site: planned_units(plan) for plan in plans}


def list_secrets(
    input_files: InputFiles, environments: tuple[str, ...], cache: Cache
) -> Mapping[str, tuple[ListedSecret, ...]]:
    """Return the secrets that the namespaces of each environment read. Raises StageFailed."""
    try:
        _, plans = plan_environments(input_files, environments, cache)
        return {
            name: tuple(sorted(secret for unit in units for secret in listed_secrets(unit)))
            for name, units in plans.items()
        }
    except SecretConflict:
        compile_mesh(input_files.root, environments, cache=cache, input_files=input_files)
        raise  # compiling says where


def planned_units(plan: EnvironmentPlan) -> tuple[UnitPlan, ...]:
    """Return the plans of the namespaces. Raises SecretConflict if two components declare a secret differently."""
    resolved = {unit.scope: unit for unit in plan.units}
    declared = [declare(unit, objects_of) for unit in plan.units]
    return tuple(
        plan_units(declared, lambda unit, mesh: completed(resolved[unit.scope], unit, mesh), ingress=plan.ingress)
    )
