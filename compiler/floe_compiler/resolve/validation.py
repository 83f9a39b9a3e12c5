"""Merged data against the models, with every complaint at the place where the value was written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from floe_compiler.model.credentials import refers_to_secret
from floe_compiler.model.diagnostics import Findings, Related, did_you_mean
from floe_compiler.model.document import DataPath, show_path
from floe_compiler.resolve.layers import DISCRIMINATOR, Merged
from floe_compiler.resolve.rules import MISSING_KEY, UNKNOWN_KEY, WRONG_VALUE

Model = TypeVar("Model", bound=BaseModel)

NO_MAPPING = "model_type"
"""What pydantic calls it if a model should stand where something else does."""
KEY = "[key]"
"""What pydantic puts behind the path of a mapping's key that is wrong itself."""


def validate(model: type[Model], merged: Merged, prefix: DataPath, findings: Findings) -> Model | None:
    """Return the part of `merged` below `prefix` as a `model`; None, with the findings added, if it is not one."""
    data: Any = merged.data
    for step in prefix:
        data = data[step]
    try:
        return model.model_validate(data)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            _report(model, merged, prefix, data, detail, findings)
        return None


def data_path(data: Any, location: tuple[str | int, ...]) -> DataPath:
    """Return pydantic's location of an error as a path in the data: without the tags of unions that it went through.

    The path of a wrong key ends with that key.
    """
    path: list[str | int] = []
    for index, step in enumerate(location):
        if _has(data, step):
            data = data[step]
        elif step == KEY or (index < len(location) - 1 and isinstance(data, Mapping)):
            continue
        path.append(step)
    return tuple(path)


def _has(data: Any, step: str | int) -> bool:
    if isinstance(data, Mapping):
        return step in data
    return isinstance(data, list | tuple) and isinstance(step, int) and step < len(data)


def _report(
    model: type[BaseModel], merged: Merged, prefix: DataPath, data: Any, detail: ErrorDetails, findings: Findings
) -> None:
    path = prefix + data_path(data, detail["loc"])
    shown = show_path(path)
    if detail["type"] == "too_short" and _at(data, path[len(prefix) :]):
        return  # the list only lacks those of its entries that are wrong themselves
    if detail["type"] == "extra_forbidden":
        known = _known_keys(model, detail["loc"][:-1])
        kind, related = _type_of(merged, path)
        message = f"{shown} is not a known key{kind}"
        hint = did_you_mean(str(path[-1]), known)
        secret = refers_to_secret(known)  # the line is not shown, as it may hold the value
        findings.add(UNKNOWN_KEY, message, merged.key_span(path), hint=hint, related=related, secret=secret)
    elif detail["type"] == "missing":
        related = _dropped(merged, path[:-1])
        hint = f"add `{path[-1]}:`"
        message = f"{shown} is missing"
        secret = refers_to_secret(_known_keys(model, detail["loc"][:-1]))
        findings.add(MISSING_KEY, message, merged.span(path[:-1]), hint=hint, related=related, secret=secret)
    else:
        message, hint = _value_message(model, detail, merged, path)
        span = merged.key_span(path) if detail["loc"][-1:] == (KEY,) else merged.span(path)
        secret = detail["type"] == NO_MAPPING and refers_to_secret(_known_keys(model, detail["loc"]))
        findings.add(WRONG_VALUE, f"{shown}: {message}", span, hint=hint, related=_beaten(merged, path), secret=secret)


def _at(data: Any, path: DataPath) -> Any:
    for step in path:
        data = data[step]
    return data


def _beaten(merged: Merged, path: DataPath) -> list[Related]:
    """Return the places that say something else about the value, which the wrong one overrode."""
    return [
        Related(origin.span, f"overrides {json.dumps(origin.value)}")
        for origin in merged.origins.get(path, ())[1:]
        if origin.span
    ]


def _type_of(merged: Merged, path: DataPath) -> tuple[str, list[Related]]:
    """Return the type of the mapping that a key stands in, for a message, and where another file chose that."""
    origin = merged.origins.get((*path[:-1], DISCRIMINATOR), (None,))[0]
    if origin is None:
        return "", []
    elsewhere = origin.span and (here := merged.key_span(path)) and origin.span.file != here.file
    note = [Related(origin.span, "the type is chosen here")] if origin.span and elsewhere else []
    return f' of type "{origin.value}"', note


def _dropped(merged: Merged, mapping: DataPath) -> list[Related]:
    """Return the places of what a mapping said as long as it was of another type."""
    origins = merged.origins.get((*mapping, DISCRIMINATOR), ())
    return [
        Related(one.span, f'what is said for type "{one.value}" here does not hold for "{origins[0].value}"')
        for one in origins[1:]
        if one.span and one.value != origins[0].value
    ]


def _known_keys(model: type[BaseModel], location: tuple[str | int, ...]) -> list[str]:
    """Return the keys that the model at `location` has; empty if a union in between hides it."""
    return sorted(getattr(_annotated(model, location), "model_fields", {}))


def _known_types(model: type[BaseModel], location: tuple[str | int, ...]) -> list[str]:
    """Return the types that the union at `location` tells its members apart by."""
    members = _annotated(model, location)
    fields = [getattr(one, "model_fields", {}).get("type") for one in (members if isinstance(members, tuple) else ())]
    return sorted(kind for field in fields if field for kind in getattr(field.annotation, "__args__", ()))


def _annotated(model: type[BaseModel], location: tuple[str | int, ...]) -> Any:
    """Return the model at `location`, or the members of the union there."""
    current: Any = model
    for step in location:
        fields = getattr(current, "model_fields", {})
        current = _model_in(fields[step].annotation) if step in fields else _tagged(current, step)
    return current


def _model_in(annotation: Any) -> Any:
    """Return the model in an annotation (`Model | None`, `tuple[Model, ...]`), or the annotation to choose from."""
    arguments = [one for one in getattr(annotation, "__args__", ()) if one not in (type(None), Ellipsis)]
    if hasattr(annotation, "model_fields") or not arguments:
        return annotation
    return _model_in(arguments[0]) if len(arguments) == 1 else tuple(arguments)


def _tagged(choices: Any, tag: str | int) -> Any:
    """Return the member of a union whose `type` is `tag`; indexes of lists stand for the list's own model."""
    if isinstance(tag, int):
        return choices
    for choice in choices if isinstance(choices, tuple) else getattr(choices, "__args__", ()):
        field = getattr(choice, "model_fields", {}).get("type")
        if field is not None and tag in getattr(field.annotation, "__args__", ()):
            return choice
    return choices


def _value_message(model: type[BaseModel], detail: ErrorDetails, merged: Merged, path: DataPath) -> tuple[str, str]:
    """Return what is wrong with a value, and how to mend it."""
    value = detail["input"]
    origin = merged.origin(path)
    raw = origin.layer.raw(path) if origin else ""
    if detail["type"] == "string_type" and isinstance(value, int | float | bool) and raw:
        return f"{raw} is read as the {_kind(value)} {json.dumps(value)}, but text is wanted", f'quote it: "{raw}"'
    context = detail.get("ctx", {})
    if detail["type"] in ("literal_error", "union_tag_invalid"):
        expected = str(context.get("expected") or context.get("expected_tags"))
        known = [word.strip().strip("'") for word in expected.replace(" or ", ", ").split(",")]
        wrong = context.get("tag", value)
        return f'"{wrong}" is not known here', did_you_mean(str(wrong), known)
    if detail["type"] == "union_tag_not_found":
        known = _known_types(model, detail["loc"])
        return "type is missing", f"add `type:`, one of {', '.join(known)}" if known else "say which `type` it is"
    if detail["type"] == NO_MAPPING:
        fields = getattr(_annotated(model, detail["loc"]), "model_fields", {})
        needed = [f"`{key}:`" for key, field in fields.items() if field.is_required()]
        return "what stands there is not a mapping", f"write a mapping with {' and '.join(needed or fields)}"
    message = detail["msg"]
    message = message.removeprefix("Value error, ")
    text, _, hint = message.partition("; ")
    return text[:1].lower() + text[1:], hint


def _kind(value: object) -> str:
    return "truth value" if isinstance(value, bool) else "number"
