"""What components add once all components of their namespace have declared their parts, such as backup jobs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from floe_compiler.declare.completion import with_added
from floe_compiler.model.component_faults import blaming
from floe_compiler.model.facts import Parts
from floe_compiler.model.plan import Component, Context, DeclaredInstance


def extended(
    contexts: Iterable[tuple[Component[Any], Context[Any]]], declared: Iterable[DeclaredInstance]
) -> tuple[DeclaredInstance, ...]:
    """Return the instances of a namespace with what their components add. `declared` are those of `contexts`, built.

    Raises StageFailed as `declare` does, and ValueError if one adds interfaces, metrics, data or alerts: the others,
    whose parts follow from these, would not know them.
    """
    built = tuple(declared)
    parts = tuple(instance.parts for instance in built)
    return tuple(
        _instance(component, context, instance, parts)
        for (component, context), instance in zip(contexts, built, strict=True)
    )


def _instance(
    component: Component[Any], context: Context[Any], declared: DeclaredInstance, parts: tuple[Parts, ...]
) -> DeclaredInstance:
    if component.extends is None:
        return declared
    with blaming(component, context.instance):
        return with_added(declared, component.extends(context, parts), "extends")
