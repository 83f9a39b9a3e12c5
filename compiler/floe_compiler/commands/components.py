"""`floe-compile components`: the components that a platform can use."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal, TypeAlias, get_args, get_origin

import msgspec
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from floe_compiler.commands.exit_codes import DONE, UsageError
from floe_compiler.model.diagnostics import did_you_mean
from floe_compiler.model.field_docs import DescribedJsonSchema, field_docs
from floe_compiler.model.nested_models import models_in
from floe_compiler.model.plan import ComponentScope

Model: TypeAlias = type[BaseModel]


class Choice(msgspec.Struct, frozen=True):
    """A choice by `type`: a component, its database, or a setting outside of slots, such as delivery."""

    slot: str
    type: str
    summary: str
    settings: Model
    """The model of what is written."""

    scope: ComponentScope
    profiles: Mapping[str, Mapping[str, Any]] = msgspec.field(default_factory=dict)
    written_in: str = ""
    """Where it is written, if not at the top level of the manifest."""


EXAMPLES = """\
examples:
  floe-compile components                      what can a platform be made of?
  floe-compile components catalog              which catalogs are there, and what can I set?
  floe-compile components dagster              the settings of this one
  floe-compile components --format markdown    tables: what there is, and its defaults by scale
"""


def configure(parser: ArgumentParser) -> None:
    """Add the options."""
    parser.epilog = EXAMPLES
    parser.add_argument(
        "name",
        nargs="?",
        metavar="SLOT|TYPE",
        help="show the settings of a slot's components (catalog), or of one by its type (dagster)",
    )
    parser.add_argument("--format", choices=("text", "json", "markdown"), default="text", help="default: text")


def run(options: Namespace) -> int:
    """List all choices, or explain those of one slot or type."""
    listed = choices()
    if options.name:
        known = {name for choice in listed for name in names_of(choice)}
        listed = tuple(choice for choice in listed if options.name in names_of(choice))
        if not listed:
            raise UsageError(f"there is no slot or type {options.name}; {did_you_mean(options.name, known)}")
    if options.format == "json":
        sys.stdout.write(_json(listed))
        return DONE
    if options.format == "markdown":
        from floe_compiler.commands.component_tables import render_markdown

        sys.stdout.write(render_markdown(listed))
        return DONE
    width = max(len(f"{choice.slot}: {choice.type}") for choice in listed)
    for choice in listed:
        location = f" ({choice.written_in})" if choice.written_in else ""
        sys.stdout.write(f"{f'{choice.slot}: {choice.type}':<{width}}  {choice.summary}{location}\n")
        if options.name:
            sys.stdout.writelines(f"  {line}\n" for line in settings(choice.settings, choice.profiles))
    return DONE


def choices() -> tuple[Choice, ...]:
    """Return all choices, by slot and type: the components, and other settings with a `type`."""
    from floe_compiler.components import registry
    from floe_compiler.model.inputs import PlatformManifest
    from floe_compiler.resolve.slots import DERIVED

    components = registry().values()
    # For a database, show the settings of its consumers, not those of the derived component.
    written = {type_of(model): model for component in components for model in chosen(component.config).get(DERIVED, ())}
    all_choices = [
        Choice(
            component.slot,
            component.type,
            component.summary,
            written[component.type] if component.slot == DERIVED else component.config,
            component.scope,
            component.profiles,
            f"written under `{DERIVED}` of a component that needs one" if component.slot == DERIVED else "",
        )
        for component in components
    ]
    all_choices += [
        Choice(name, type_of(model), (model.__doc__ or "").splitlines()[0].removesuffix("."), model, "platform")
        for name, models in chosen(PlatformManifest).items()
        for model in models
    ]
    return tuple(sorted(all_choices, key=lambda choice: (choice.slot, choice.type)))


def chosen(model: Model) -> Mapping[str, tuple[Model, ...]]:
    """Return the models that the `type` of a field selects from, by the field's name."""
    fields = model.model_fields.items()
    return {name: tuple(models_in(field.annotation)) for name, field in fields if field.discriminator == "type"}


def type_of(model: Model) -> str:
    """Return the `type` that selects a model."""
    return str(get_args(model.model_fields["type"].annotation)[0])


def names_of(choice: Choice) -> tuple[str, ...]:
    """Return the names of a choice: its slot, the last part of that, and its type."""
    return (choice.slot, choice.slot.rpartition(".")[2], choice.type)


def settings(model: Model, profiles: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Yield a line for each setting: its name, its default (also by scale), and what it is.

    Nested settings follow, unless a default shows what they are.
    """
    docs = field_docs(model)
    for name, field in model.model_fields.items():
        scales = [f"{scale} {_shown(values[name])}" for scale, values in profiles.items() if name in values]
        by_scale = f" ({', '.join(scales)})" if scales else ""
        yield f"{name}: {_value(field)}{by_scale}"
        yield from (f"    {line}" for line in docs.get(name, "").splitlines())
        if field.is_required() or not field.get_default(call_default_factory=True):
            for below in models_in(field.annotation):
                yield from (f"    {line}" for line in settings(below, {}))


def _value(field: FieldInfo) -> str:
    words = tuple(_words(field.annotation))
    if len(words) == 1 and (field.is_required() or field.default == words[0]):
        return _shown(words[0])
    if field.is_required():
        return f"required{': ' if words else ''}{' or '.join(map(_shown, words))}"
    default = field.get_default(call_default_factory=True)
    others = [_shown(word) for word in words if word != default]
    return f"default {_shown(default)}{', or ' if others else ''}{' or '.join(others)}"


def _words(annotation: Any) -> Iterable[Any]:
    """Return the allowed words of a setting; empty if it may be something else."""
    return get_args(annotation) if get_origin(annotation) is Literal else ()


def _shown(value: Any) -> str:
    import json

    from pydantic_core import to_jsonable_python

    return json.dumps(to_jsonable_python(value), ensure_ascii=False)


def _json(listed: tuple[Choice, ...]) -> str:
    from floe_compiler.report.json_text import json_text

    document = [
        {
            "slot": choice.slot,
            "type": choice.type,
            "summary": choice.summary,
            "scope": choice.scope,
            "settings": choice.settings.model_json_schema(schema_generator=DescribedJsonSchema),
            "profiles": choice.profiles,
        }
        for choice in listed
    ]
    return json_text(document)
