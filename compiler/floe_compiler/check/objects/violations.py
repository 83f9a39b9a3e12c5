"""Violations of an object's schema, and their removal."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from floe_compiler.model.document import DataPath
from floe_compiler.model.hints import near
from floe_compiler.model.misspelt_keys import meant_keys
from floe_compiler.model.structure_hints import BOUNDS

if TYPE_CHECKING:
    from jsonschema_rs import ValidationError

_ARTICLES = {
    "array": "a list",
    "boolean": "a boolean",
    "integer": "an integer",
    "null": "null",
    "number": "a number",
    "object": "a mapping",
    "string": "a string",
}

_MANY = 50
"""More unknown keys than this in one mapping are not typing errors, and would take long to guess."""


class Violation(msgspec.Struct, frozen=True):
    """A violation of a schema. Without the part at the path `drop`, the rest is valid.

    `meant` is the absent key that an unknown one is probably a misspelling of, `number` what a text in quotes is.
    """

    path: DataPath
    message: str
    hint: str = ""
    drop: DataPath | None = None
    meant: str = ""
    number: int | None = None


def violations_of(error: ValidationError, schema: Mapping[str, Any]) -> Iterator[Violation]:
    """Yield the violations of one error of jsonschema-rs. No message contains a value of the object.

    Args:
        error: The error.
        schema: The schema document of the error's `schema_path`.
    """
    path = tuple(error.instance_path)
    details = error.kind.as_dict()
    match error.kind.name:
        case "additionalProperties":
            known = _at(schema, error.schema_path[:-1]).get("properties", {})
            unexpected = sorted(details["unexpected"])
            present = error.instance if isinstance(error.instance, dict) else {}
            meant = meant_keys(unexpected, known) if len(unexpected) <= _MANY else {}
            for key in unexpected:
                likely = meant.get(key, "")
                absent = "" if likely in present else likely
                yield Violation((*path, key), "is not a known key", near(key, known), (*path, key), absent)
        case "required":
            yield Violation((*path, details["property"]), "is missing")
        case "type":
            number = _quoted(error.instance) if "integer" in details["types"] else None
            hint = "write the number without quotes" if number is not None else ""
            yield Violation(path, f"must be {_listed(details['types'])}", hint, path, number=number)
        case "oneOf" | "anyOf" if types := _types(details):
            yield Violation(path, f"must be {_listed(types)}", "", path)
        case "enum":
            yield Violation(path, f"must be one of {', '.join(map(str, details['options']))}", "", path)
        case _:
            bound = details.get("limit", details.get("multiple_of"))
            hint = BOUNDS.get(error.kind.name, "").format(bound)
            yield Violation(path, error.message, hint, path)


def _at(schema: Any, steps: Any) -> Mapping[str, Any]:
    for step in steps:
        schema = schema[step]
    below: Mapping[str, Any] = schema
    return below


def _quoted(value: Any) -> int | None:
    """Return the number that a text is, if it is one."""
    return int(value) if isinstance(value, str) and re.fullmatch("[0-9]{1,9}", value) else None


def _types(details: Mapping[str, Any]) -> list[str]:
    errors = [error for branch in details["context"] for error in branch]
    if any(error.kind.name != "type" for error in errors):
        return []
    return [name for error in errors for name in error.kind.as_dict()["types"]]


def _listed(types: Collection[str]) -> str:
    # Null is left out, as it means "not set" and has its own rule.
    names = sorted(set(types) - {"null"}) or ["null"]
    return " or ".join(_ARTICLES[name] for name in names)


def without(value: Any, dropped: Collection[DataPath], path: DataPath = ()) -> Any:
    """Return a copy of `value` without the paths in `dropped`, nulls, and keys that are not strings."""
    if isinstance(value, dict):
        return {
            key: without(item, dropped, (*path, key))
            for key, item in value.items()
            if isinstance(key, str) and item is not None and (*path, key) not in dropped
        }
    if isinstance(value, list):
        return [
            without(item, dropped, (*path, position))
            for position, item in enumerate(value)
            if item is not None and (*path, position) not in dropped
        ]
    return value


def as_meant(value: Any, violations: Mapping[DataPath, Violation], path: DataPath = ()) -> Any:
    """Return a copy of `value` with keys and numbers as they are meant where violations say it, by path."""
    violation = violations.get(path)
    if violation is not None and violation.number is not None:
        return violation.number
    if isinstance(value, dict):
        below = [(key, item, (*path, key)) for key, item in value.items()]
        return {
            (violations[at].meant if at in violations else "") or key: as_meant(item, violations, at)
            for key, item, at in below
        }
    if isinstance(value, list):
        return [as_meant(item, violations, (*path, position)) for position, item in enumerate(value)]
    return value


def nulls(value: Any, path: DataPath = ()) -> Iterator[DataPath]:
    """Yield the path of each null in `value`."""
    if value is None:
        yield path
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from nulls(item, (*path, key))
    elif isinstance(value, list):
        for position, item in enumerate(value):
            yield from nulls(item, (*path, position))
