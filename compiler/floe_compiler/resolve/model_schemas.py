"""JSON Schemas of models, in a form whose errors name the one thing that is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from pydantic import BaseModel

from floe_compiler.model.schema_words import DEFAULT_TYPE

JsonSchema = dict[str, Any]


@cache
def model_schema(model: type[BaseModel]) -> JsonSchema:
    """Return the schema of a model, with the definitions that it refers to."""
    schema: JsonSchema = tidy(model.model_json_schema())
    return schema


def tidy(schema: Any) -> Any:
    """Return a schema without generated titles, and with each tagged union as a choice by its tag.

    A choice by `if` and `then` names the one thing that is wrong; a `oneOf` only reports that no branch matches.
    """
    if isinstance(schema, list):
        return [tidy(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if "discriminator" in schema:
        rest = {key: value for key, value in schema.items() if key in ("description", "default")}
        return rest | by_type(schema["discriminator"]["mapping"], default=schema.get(DEFAULT_TYPE, ""))
    result: JsonSchema = {}
    for key, value in schema.items():
        if key == "title" and isinstance(value, str):
            continue
        if key in ("properties", "$defs"):
            result[key] = {name: tidy(item) for name, item in value.items()}
        else:
            result[key] = tidy(value)
    return result


def by_type(references: Mapping[str, str], default: str = "") -> JsonSchema:
    """Return the schema of a mapping whose `type` decides what else is in it; `references` are `$ref`s by type.

    A mapping without a type has the type `default`, if there is one.
    """
    return type_choice(references, required=not default) | {
        "allOf": [
            {
                "if": {"type": "object", "properties": {"type": {"const": kind}}}
                | ({} if kind == default else {"required": ["type"]}),
                "then": {"$ref": reference},
            }
            for kind, reference in sorted(references.items())
        ],
    }


def type_choice(kinds: Iterable[str], *, required: bool) -> JsonSchema:
    """Return the schema of a mapping whose `type` is one of these, with any other keys."""
    schema: JsonSchema = {"type": "object", "properties": {"type": {"enum": sorted(kinds)}}}
    return schema | ({"required": ["type"]} if required else {})
