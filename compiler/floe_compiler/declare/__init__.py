"""ResolvedUnit -> DeclaredUnit: every component's `build` runs, once, before any object is rendered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from floe_compiler.declare.extension import extended
from floe_compiler.model.component_faults import blaming
from floe_compiler.model.objects import Object
from floe_compiler.model.plan import Component, Context, DeclaredInstance, DeclaredUnit, ResolvedUnit
from floe_compiler.model.secret_roles import check_secret_roles
from floe_compiler.model.secrets_in import secrets_of

RunConstructs = Callable[[Callable[[Any], None], str, str], tuple[Object, ...]]
"""Returns the objects of the cdk8s constructs that a function adds to the Chart of a namespace, given the name of the
component in diagnostics."""


Declare = Callable[[Component[Any], Context[Any], RunConstructs], DeclaredInstance]
"""Returns what one component declares, as `declare_instance` does."""


def declare(unit: ResolvedUnit, run_constructs: RunConstructs, declare_one: Declare | None = None) -> DeclaredUnit:
    """Return a namespace with the facts that its components declare. `declare_one` may know some from earlier calls.

    Raises StageFailed if a component of another package fails, or a component's constructs. A mistake of a component
    in this package, such as asking for a capability that it does not require, is raised unchanged.
    """
    declare_context = declare_one or declare_instance
    return DeclaredUnit(
        settings=unit.settings,
        scope=unit.scope,
        namespace=unit.namespace,
        owner=unit.owner,
        quota=unit.quota,
        instances=extended(unit.contexts, (declare_context(*context, run_constructs) for context in unit.contexts)),
        quota_origin=unit.quota_origin,
        quota_growth=unit.quota_growth,
        pull_secret_origin=unit.pull_secret_origin,
        incomplete=any(component.completes for component, _ in unit.contexts),
    )


def declare_instance(
    component: Component[Any], context: Context[Any], run_constructs: RunConstructs
) -> DeclaredInstance:
    """Return what one component declares. Raises StageFailed as `declare` does."""
    instance, constructs = context.instance, component.constructs
    objects: tuple[Object, ...] = ()
    with blaming(component, instance):
        if constructs is not None:
            objects = run_constructs(lambda chart: constructs(chart, context), instance.namespace, instance.label())
        secrets = sorted({secret for capability in component.provides(instance) for secret in secrets_of(capability)})
        parts = component.build(context)
        check_secret_roles(instance.settings.platform, instance.scope, parts)
        return DeclaredInstance(instance, parts, objects, tuple(secrets))
