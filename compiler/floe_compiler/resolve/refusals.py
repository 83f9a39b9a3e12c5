"""The refusals of components (R020), at the setting at fault."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product, takewhile
from typing import Any

from floe_compiler.model.component_faults import blaming
from floe_compiler.model.diagnostics import ENVIRONMENT_END, Findings, Related
from floe_compiler.model.document import DataPath
from floe_compiler.model.nested_fields import at
from floe_compiler.model.plan import Component, Context
from floe_compiler.model.span import Span
from floe_compiler.resolve.capabilities import Placed
from floe_compiler.resolve.layers import Layer, Merged
from floe_compiler.resolve.rules import REFUSED


def check_refusals(component: Component[Any], context: Context[Any], merged: Merged, findings: Findings) -> None:
    """Report why a component cannot work in its environment; `merged` are the documents of its scope."""
    instance = context.instance
    name = f"{instance.slot} {instance.type}"  # without its namespace: one setting may be that of many domains
    with blaming(component, instance):
        refusals = tuple(component.refuses(context))
    for refusal in refusals:
        own = (*instance.settings_path, *refusal.path) if refusal.path else ()
        place = _written(merged, refusal.scope_path or own)
        chosen = instance.origin if refusal.scope_path and place else None
        findings.add(
            REFUSED,
            f"{name} {refusal.message}",
            place or instance.origin,
            subject=f"{instance.settings.environment.name}{ENVIRONMENT_END}{name}",
            hint=refusal.hint,
            related=[Related(chosen, "the component is chosen here")] if chosen else (),
        )


def check_platform_settings(placed: Iterable[Placed], own: Iterable[Layer], findings: Findings) -> None:
    """Report what a domain's `own` layers set of its components, but only the shared services have."""
    layers = tuple(own)
    for component, instance in placed:
        name = f"{instance.slot} {instance.type}"
        for setting, layer in product(component.platform_settings, layers):
            path = (*instance.settings_path, setting)
            if at(layer.data, path) is not None:
                findings.add(
                    REFUSED,
                    f"{name} has {setting} for the shared services alone: in a domain, it has no effect",
                    layer.key_span(path),
                    subject=f"{instance.settings.environment.name}{ENVIRONMENT_END}{name}",
                    hint="leave it out here, and set it in platform-manifest.yaml, or under `platform` in the "
                    "environment.yaml",
                )


def _written(merged: Merged, path: DataPath) -> Span | None:
    """Return where a setting was written; None if it is a default, or if there is no path."""
    above = tuple(takewhile(lambda step: isinstance(step, str), path))  # a list is written as a whole
    return merged.span(path) if path and at(merged.data, above) is not None else None
