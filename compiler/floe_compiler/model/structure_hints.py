"""Hints for structural errors, where the schema shows what was probably meant."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from floe_compiler.model.diagnostics import did_you_mean
from floe_compiler.model.hosts import host_and_port
from floe_compiler.model.misspelt_keys import meant_keys
from floe_compiler.model.plain_scalars import read_plain
from floe_compiler.model.schema_words import DISCRIMINATOR, NOT_A_MAPPING, NOT_HERE, REFERENCE, WRITTEN_TOGETHER

Schema = Mapping[str, Any]

BOUNDS = {
    "exclusiveMaximum": "write a number below {}",
    "exclusiveMinimum": "write a number above {}",
    "maxItems": "leave {} entries at most",
    "maxLength": "write {} characters at most",
    "maximum": "write {} or less",
    "minItems": "write {} entries at least",
    "minLength": "write {} characters at least",
    "minProperties": "write {} keys at least",
    "minimum": "write {} or more",
    "multipleOf": "write a multiple of {}",
}
"""The hints for values out of bounds, by the word of JSON Schema with the bound."""


def unknown_keys(data: Mapping[str, Any], schema: Schema, definitions: Schema) -> Iterator[tuple[str, str, str]]:
    """Yield each unknown key, the hint for it, and the key that it is meant to be: an absent one, or the type.

    The last is empty if no such key is near. The type may be there all the same, as another layer may give one.
    """
    properties: Schema = schema.get("properties", {})
    not_here: Schema = schema.get(NOT_HERE, {})
    unknown = {
        key: not_here.get(key, "") or _below(key, properties, definitions) for key in data if key not in properties
    }
    absent = [key for key in properties if key not in data or key == DISCRIMINATOR]
    meant = meant_keys([key for key in unknown if not unknown[key]], absent)
    for key, belongs in unknown.items():
        known = [meant[key]] if key in meant else properties
        yield key, belongs or did_you_mean(key, known), meant.get(key, "")


def misspelt_type(data: Mapping[str, Any], schema: Schema, definitions: Schema) -> Iterator[tuple[str, str]]:
    """Yield the keys that are meant to be the type, each with its hint: by their name, or else by their value.

    No alternative has such a key.
    """
    alternatives = [mapping_in(alternative.get("then", {}), definitions) for alternative in schema.get("allOf", ())]
    known = {key for mapping in (schema, *alternatives) for key in mapping.get("properties", {})}
    types = schema.get("properties", {}).get(DISCRIMINATOR, {}).get("enum", ())
    unknown = [key for key in data if key not in known]
    for key in meant_keys(unknown, [DISCRIMINATOR]) or [key for key in unknown if data[key] in types]:
        yield key, f'did you mean "{DISCRIMINATOR}"?'


def _below(key: str, properties: Schema, definitions: Schema) -> str:
    """Return the hint for a key that belongs one level deeper; empty if it does not."""
    below = [
        name for name, schema in properties.items() if key in mapping_in(schema, definitions).get("properties", {})
    ]
    return f"it belongs under {' and '.join(f'`{name}:`' for name in below)}" if below else ""


def looked_for(required: list[str], data: Mapping[str, Any], schema: Schema) -> list[str]:
    """Return the required keys to look for: of those that one command writes together, the first missing one."""
    return [key for key in required if key not in data][:1] if WRITTEN_TOGETHER in schema else required


def missing_key(key: str, schema: Schema, definitions: Schema) -> str:
    """Return the hint for a missing key, with what may stand there: its values if they are few, or its keys."""
    if WRITTEN_TOGETHER in schema:
        return str(schema[WRITTEN_TOGETHER])
    wanted: Schema = schema.get("properties", {}).get(key, {})
    if allowed := ", ".join(map(str, wanted.get("enum", ()))):
        return f"add `{key}:`, one of {allowed}"
    mapping = mapping_in(wanted, definitions)
    if types := mapping.get("properties", {}).get(DISCRIMINATOR, {}).get("enum", ()):
        return f"add `{key}: {{{DISCRIMINATOR}: ...}}`, with the type {' or '.join(map(str, types))}"
    if needed := mapping.get("required", ()):
        return f"add `{key}: {{{', '.join(f'{name}: ...' for name in needed)}}}`"
    example = next(iter(wanted.get("examples", ())), "")
    return f"add `{key}:`, for example {example}" if example else f"add `{key}:`"


def value_of_another_kind(value: Any, raw: str, schema: Schema, kinds: list[str], definitions: Schema) -> str:
    """Return the hint for a value of the wrong type.

    Args:
        value: The value; None, or an empty mapping, if it must not be shown.
        raw: The source text of the value, if it is not a string.
        schema: What it should be.
        kinds: The types that it may have, such as `string`.
        definitions: What references in the schema lead to.
    """
    if "string" in kinds and raw and re.search(schema.get("pattern", "$^"), raw):
        return f'quote it: "{raw}"'
    if isinstance(value, dict) and NOT_A_MAPPING in schema:
        return str(schema[NOT_A_MAPPING])
    if example := next(iter(schema.get("examples", ())), ""):
        return f'write, for example, "{example}"'
    if "string" in kinds and raw:
        return f'quote it: "{raw}"'
    if isinstance(value, str) and _reads_as(value, kinds):
        return f"write it without quotes: {value}"
    if "integer" in kinds:
        return _as_number(schema)
    if "array" in kinds:
        return _as_list(value, _list_in(schema))
    return _as_mapping(value, mapping_in(schema, definitions)) if "object" in kinds else ""


def mapping_in(schema: Schema, definitions: Schema) -> Schema:
    """Return the schema of the mapping that a schema refers to or offers as an alternative; empty if there is none."""
    if "$ref" in schema:
        return mapping_in(definitions.get(schema["$ref"].removeprefix(REFERENCE), {}), definitions)
    if "anyOf" in schema:
        return next(
            (mapping for alternative in schema["anyOf"] if (mapping := mapping_in(alternative, definitions))), {}
        )
    return schema if schema.get("type") == "object" else {}


def _list_in(schema: Schema) -> Schema:
    """Return the schema of the list that a schema offers as an alternative, or the schema itself."""
    return next((alternative for alternative in schema.get("anyOf", ()) if alternative.get("type") == "array"), schema)


def _reads_as(text: str, kinds: list[str]) -> bool:
    """Return whether the text would have one of these types without its quotes."""
    value = read_plain(text)
    if isinstance(value, bool):
        return "boolean" in kinds
    return ("integer" in kinds and isinstance(value, int)) or ("number" in kinds and isinstance(value, int | float))


def _as_number(schema: Schema) -> str:
    """Return the hint for a value that should be a whole number, with the least and the most."""
    least, most = schema.get("minimum"), schema.get("maximum")
    bounds = (f" from {least}" if least is not None else "") + (f" to {most}" if most is not None else "")
    return f"write a whole number{bounds}, in digits"


def value_out_of_bounds(schema: Schema) -> str:
    """Return the hint for a number or a text that its schema does not allow; empty if it has no bounds."""
    if "minimum" in schema and "maximum" in schema:
        return f"write a number from {schema['minimum']} to {schema['maximum']}"
    if "exclusiveMinimum" in schema and "maximum" in schema:
        return f"write a number above {schema['exclusiveMinimum']}, and {schema['maximum']} at most"
    return next((hint.format(schema[bound]) for bound, hint in BOUNDS.items() if bound in schema), "")


def _as_mapping(value: Any, schema: Schema) -> str:
    """Return the hint for a value that should be a mapping."""
    if isinstance(value, list):
        return 'write a mapping: its lines have a key, a ":" and a value, and no "- "'
    properties: Schema = schema.get("properties", {})
    types = properties.get("type", {}).get("enum", ())
    shown = _in_braces(value) if isinstance(value, str) else "..."
    if isinstance(value, bool):
        shown = str(value).lower()
    if types:
        return f"write {{type: {shown if shown in types else types[0]}}}"
    chosen = [key for key, property_ in properties.items() if _is_meant(value, property_)]
    # Of a mapping that changes another one, no key is needed.
    needed = [key for key, property_ in properties.items() if "default" not in property_ and NOT_HERE not in schema]
    only = chosen or needed or [*properties]
    if only == ["host"] and isinstance(value, str) and "port" in properties:
        return f"write {{{host_and_port(value)}}}"
    if len(only) == 1:
        return f"write {{{only[0]}: {shown}}}"
    if needed:
        return f"write a mapping with {' and '.join(f'`{key}:`' for key in needed)}"
    return f"write a mapping; known: {', '.join(sorted(properties))}" if properties else ""


def _is_meant(value: Any, schema: Schema) -> bool:
    """Return whether a property is the only kind that such a value would be for: a switch, or one of its words."""
    if isinstance(value, bool):
        return schema.get("type") == "boolean"
    return value is not None and value in schema.get("enum", ())


def _in_braces(text: str) -> str:
    """Return how a text is written within braces."""
    return f'"{text}"' if set(text) & set("{}[],") else text


def _as_list(value: Any, schema: Schema) -> str:
    """Return the hint for a value that should be a list."""
    if isinstance(value, str) and schema.get("items", {}).get("type") == "string":
        return f"write [{', '.join(value.replace(',', ' ').split())}]"
    return 'write a list: each entry begins with "- "' if isinstance(value, str | dict) else ""
