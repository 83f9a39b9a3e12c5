"""The secrets of an environment, from what its namespaces declare; nothing is rendered."""

from __future__ import annotations

from floe_compiler.declare import declare
from floe_compiler.declare.completion import completed
from floe_compiler.derive import plan_units
from floe_compiler.model.listed_secrets import ListedSecret
from floe_compiler.model.plan import EnvironmentPlan
from floe_compiler.synthesize.python_constructs import objects_of
from floe_compiler.synthesize.secret_list import listed_secrets


def secrets_of_environment(plan: EnvironmentPlan) -> tuple[ListedSecret, ...]:
    """Return the secrets that its namespaces read, sorted by namespace and name. Raises SecretConflict."""
    resolved = {unit.scope: unit for unit in plan.units}
    declared = [declare(unit, objects_of) for unit in plan.units]
    planned = plan_units(declared, lambda unit, mesh: completed(resolved[unit.scope], unit, mesh), ingress=plan.ingress)
    return tuple(sorted(secret for unit in planned for secret in listed_secrets(unit)))
