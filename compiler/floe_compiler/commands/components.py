"""`floe-compile components`: what a platform can be made of."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from typing import Any

from floe_compiler.commands.exit_codes import DONE, UsageError
from floe_compiler.model.diagnostics import did_you_mean
from floe_compiler.model.plan import Component


def configure(parser: ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "name", nargs="?", help="show the settings of a slot's components (catalog), or of one by its type (dagster)"
    )
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: text")


def run(options: Namespace) -> int:
    """List all components, or explain those of one slot or type."""
    from floe_compiler.components import registry
    from floe_compiler.resolve.slots import DERIVED

    found = tuple(registry().values())
    if options.name:
        known = {name for component in found for name in _names(component)}
        found = tuple(component for component in found if options.name in _names(component))
        if not found:
            raise UsageError(f"there is no slot or type {options.name}; {did_you_mean(options.name, known)}")
    if options.format == "json":
        sys.stdout.write(_json(found))
        return DONE
    width = max(len(f"{component.slot}: {component.type}") for component in found)
    for component in found:
        derived = " (never written: follows from what needs it)" if component.slot == DERIVED else ""
        sys.stdout.write(f"{f'{component.slot}: {component.type}':<{width}}  {component.summary}{derived}\n")
        if options.name:
            sys.stdout.writelines(f"  {line}\n" for line in settings(component))
    return DONE


def _names(component: Component[Any]) -> tuple[str, ...]:
    """Return what people call a component: by its slot, the last part of that, or its type."""
    return (component.slot, component.slot.rpartition(".")[2], component.type)


def settings(component: Component[Any]) -> Iterator[str]:
    """Yield a line for each setting: its name, its default (also by scale), and what it is."""
    for name, field in component.config.model_fields.items():
        default = (
            "required" if field.is_required() else f"default {_shown(field.get_default(call_default_factory=True))}"
        )
        scales = [f"{scale} {_shown(values[name])}" for scale, values in component.profiles.items() if name in values]
        by_scale = f" ({', '.join(scales)})" if scales else ""
        yield f"{name}: {default}{by_scale}"
        yield from (f"    {line}" for line in (field.description or "").splitlines())


def _shown(value: Any) -> str:
    import json

    from pydantic_core import to_jsonable_python

    return json.dumps(to_jsonable_python(value), ensure_ascii=False)


def _json(components: tuple[Component[Any], ...]) -> str:
    import json

    listed = [
        {
            "slot": component.slot,
            "type": component.type,
            "summary": component.summary,
            "shared": component.shared,
            "settings": component.config.model_json_schema(),
            "profiles": component.profiles,
        }
        for component in components
    ]
    return json.dumps(listed, indent=2, ensure_ascii=False, default=str) + "\n"
