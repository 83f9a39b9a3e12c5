"""The JSON Schemas of the documents as editors want them.

Where a `type` decides which keys there are, editors show what each type is. In a document that leaves the type to
another layer, they complete and explain the keys of all types, and underline what none of them takes; to the compiler,
such values are wrong when the layers are merged.

Source: `yaml-language-server` 1.25, which shows `markdownEnumDescriptions`, and of `anyOf` all that fits what is
written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from floe_compiler.model.schema_words import DISCRIMINATOR, REFERENCE
from floe_compiler.resolve.model_schemas import JsonSchema

ENUM_DESCRIPTIONS = "markdownEnumDescriptions"
"""The keyword with what each value of an `enum` means."""


class Type(NamedTuple):
    """A type that a mapping may have: the reference to its schema, and that schema."""

    reference: str
    schema: JsonSchema


def for_editors(schema: JsonSchema) -> JsonSchema:
    """Return the schema of a document with what editors show besides."""
    shown: JsonSchema = _shown(schema, schema["$defs"])
    return shown


def _shown(schema: Any, definitions: Mapping[str, JsonSchema]) -> Any:
    if isinstance(schema, list):
        return [_shown(item, definitions) for item in schema]
    if not isinstance(schema, dict):
        return schema
    shown = {key: _shown(value, definitions) for key, value in schema.items()}
    types = dict(_types(schema, definitions))
    return _with_types(shown, types) if types else shown


def _types(schema: JsonSchema, definitions: Mapping[str, JsonSchema]) -> Iterator[tuple[str, Type]]:
    """Yield each type of a choice by type, by name; nothing of any other schema."""
    choices = schema.get("allOf", ())
    for choice in choices if isinstance(choices, list) else ():
        match choice:
            case {"if": {"properties": {"type": {"const": kind}}}, "then": {"$ref": reference}}:
                yield kind, Type(reference, definitions[reference.removeprefix(REFERENCE)])


def _with_types(schema: JsonSchema, types: Mapping[str, Type]) -> JsonSchema:
    """Return a choice by type that says what each type is, and which keys there are without one."""
    meanings = {kind: _first_paragraph(type_.schema) for kind, type_ in types.items()}
    choice = schema["properties"][DISCRIMINATOR]
    described = choice | {ENUM_DESCRIPTIONS: [meanings[kind] for kind in choice["enum"]]}
    return {
        "description": f"One of these types:\n{_listed(meanings)}",
        **schema,
        "properties": schema["properties"] | {DISCRIMINATOR: described},
        "allOf": [_typeless(condition, types) for condition in schema["allOf"]],
    }


def _typeless(choice: JsonSchema, types: Mapping[str, Type]) -> JsonSchema:
    """Return what holds without a type, with what each type says of a key; any other choice is returned as it is."""
    if "properties" not in choice["then"]:
        return choice
    keys = {key: _any_of(key, types) for key in choice["then"]["properties"]}
    return choice | {"then": choice["then"] | {"properties": keys}}


def _any_of(key: str, types: Mapping[str, Type]) -> JsonSchema:
    """Return what a key may have, whichever of the types another layer gives."""
    having = {kind: type_ for kind, type_ in types.items() if key in type_.schema["properties"]}
    variants = {kind: type_.schema["properties"][key] for kind, type_ in having.items()}
    texts = {kind: property_["description"] for kind, property_ in variants.items() if "description" in property_}
    different = {str(variants[kind]): f"{type_.reference}/properties/{key}" for kind, type_ in having.items()}
    schema: JsonSchema = {"anyOf": [{"$ref": reference} for reference in different.values()]}
    if not texts:
        return schema
    alike = len(set(texts.values())) == 1
    return {"description": next(iter(texts.values())) if alike else _listed(texts), **schema}


def _listed(texts: Mapping[str, str]) -> str:
    return "\n".join(f"- {kind}: {text}" for kind, text in texts.items())


def _first_paragraph(schema: JsonSchema) -> str:
    return " ".join(str(schema.get("description", "")).partition("\n\n")[0].split())
