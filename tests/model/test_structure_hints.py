"""How to fix what does not fit its schema."""

from __future__ import annotations

from typing import Any

from floe_compiler.model.schema_words import REFERENCE
from floe_compiler.model.structure_hints import mapping_in, missing_key, unknown_keys, value_of_another_kind
from tables import table

AMOUNTS = {"type": "object", "properties": {"cpu": {"type": "string"}, "memory": {"type": "string"}}}
RESOURCES = {
    "type": "object",
    "properties": {
        "requests": {"$ref": "#/$defs/Amounts"},
        "limits": {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/Amounts"}]},
        "name": {"type": "string"},
    },
}
SERVER = {"type": "object", "properties": {"host": {"type": "string"}, "port": {"default": 443}}}
BY_TYPE = {"type": "object", "properties": {"type": {"enum": ["minio", "s3"]}}}
SECRET = {"type": "object", "properties": {"name": {"type": "string"}, "keys": {"default": {}}}}
MAY = "write a mapping; known: a, b"
ENTRIES = 'write a list: each entry begins with "- "'
DEFINITIONS = {"Amounts": AMOUNTS}


def of_value(value: Any, schema: dict[str, Any], *kinds: str, raw: str = "") -> str:
    return value_of_another_kind(value, raw, schema, list(kinds), DEFINITIONS)


def of_unknown(*keys: str, schema: dict[str, Any] = RESOURCES) -> list[tuple[str, str]]:
    return [(hint, suggestion) for _, hint, suggestion in unknown_keys(dict.fromkeys(keys), schema, DEFINITIONS)]


def test_the_hint_for_a_key_of_a_deeper_level_names_its_place() -> None:
    assert of_unknown("cpu") == [("it belongs under `requests:` and `limits:`", "")]
    assert of_unknown("x", schema={}) == [("", "")]


def test_the_nearest_absent_key_is_suggested() -> None:
    assert of_unknown("nmae") == [('did you mean "name"?', "name")]
    assert of_unknown("nmae", "name") == [('did you mean "name"?', "")]
    assert of_unknown("nmae", "naem") == [('did you mean "name"?', "name"), ('did you mean "name"?', "")]
    assert of_unknown("x") == [("known: limits, name, requests", "")]


def test_the_type_is_suggested_even_if_another_layer_sets_one() -> None:
    assert of_unknown("typ", "type", schema=BY_TYPE) == [('did you mean "type"?', "type")]


def test_the_hint_for_a_missing_key_has_its_choices() -> None:
    assert missing_key("type", BY_TYPE, {}) == "add `type:`, one of minio, s3"
    assert missing_key("name", RESOURCES, {}) == "add `name:`"


def test_the_hint_for_a_missing_mapping_has_its_required_keys() -> None:
    chosen = {"properties": {"storage": BY_TYPE}}
    assert missing_key("storage", chosen, {}) == "add `storage: {type: ...}`, with the type minio or s3"
    amounts = {"type": "object", "properties": {"cpu": {}, "memory": {}}, "required": ["cpu", "memory"]}
    referred = {"properties": {"limits": {"$ref": f"{REFERENCE}Amounts"}}}
    assert missing_key("limits", referred, {"Amounts": amounts}) == "add `limits: {cpu: ..., memory: ...}`"
    schema = {"properties": {"cron": {"type": "string", "examples": ["0 6 * * *"]}}}
    assert missing_key("cron", schema, {}) == "add `cron:`, for example 0 6 * * *"


def test_the_hint_for_a_number_has_its_bounds() -> None:
    schema = {"type": "integer", "minimum": 0, "maximum": 10}
    hint = value_of_another_kind("two", "", schema, ["integer"], {})
    assert hint == "write a whole number from 0 to 10, in digits"


@table(
    "value, schema, kinds, hint",
    [
        ("minio", BY_TYPE, ["object"], "write {type: minio}"),
        ("mino", BY_TYPE, ["object"], "write {type: minio}"),
        ("polaris-db", SECRET, ["object"], "write {name: polaris-db}"),
        (None, SECRET, ["object"], "write {name: ...}"),
        ("x", AMOUNTS, ["object"], "write a mapping with `cpu:` and `memory:`"),
        ("https://a.example:8443/v1", SERVER, ["object"], "write {host: a.example, port: 8443}"),
        ("a.example", SERVER, ["object"], "write {host: a.example}"),
        ("x", {"type": "object"}, ["object"], ""),
        ([], AMOUNTS, ["object"], 'write a mapping: its lines have a key, a ":" and a value, and no "- "'),
        ("4", {"type": "object", "properties": {"b": {"default": 1}, "a": {"default": 2}}}, ["object"], MAY),
        ("dev", {"type": "array", "items": {"type": "string"}}, ["array"], "write [dev]"),
        ("python run.py", {"type": "array", "items": {"type": "string"}}, ["array"], "write [python, run.py]"),
        ("a, b", {"anyOf": [{"type": "array", "items": {"type": "string"}}]}, ["array", "null"], "write [a, b]"),
        ("x", {"type": "array", "items": AMOUNTS}, ["array"], ENTRIES),
        ({"a": 1}, {"type": "array", "items": AMOUNTS}, ["array"], ENTRIES),
        (5, {"type": "array"}, ["array"], ""),
        ("5432", {"type": "integer"}, ["integer"], "write it without quotes: 5432"),
        ("0.5", {"type": "number"}, ["number"], "write it without quotes: 0.5"),
        ("true", {"type": "boolean"}, ["boolean"], "write it without quotes: true"),
        ("0.5", {"type": "integer"}, ["integer"], "write a whole number, in digits"),
        ("true", {"type": "integer"}, ["integer"], "write a whole number, in digits"),
        ("1", {"type": "boolean"}, ["boolean"], ""),
        ("yes", {"type": "boolean"}, ["boolean"], ""),
        ("many", {"type": "integer"}, ["integer"], "write a whole number, in digits"),
        (None, {"type": "integer"}, ["integer"], "write a whole number, in digits"),
        ([], {"type": "string", "examples": ["90s"]}, ["string"], 'write, for example, "90s"'),
    ],
)
def test_the_hint_for_a_wrong_type_has_the_right_one(
    value: Any, schema: dict[str, Any], kinds: list[str], hint: str
) -> None:
    assert of_value(value, schema, *kinds) == hint


def test_quotes_are_suggested_if_they_make_the_value_valid() -> None:
    version = {"type": "string", "pattern": r"^1\.\d{2}$", "examples": ["1.34"]}
    assert of_value(1.1, version, "string", raw="1.10") == 'quote it: "1.10"'
    assert of_value(2, version, "string", raw="2") == 'write, for example, "1.34"'
    assert of_value(2, {"type": "string"}, "string", raw="2") == 'quote it: "2"'


def test_the_mapping_of_a_schema_is_found() -> None:
    assert mapping_in({"$ref": "#/$defs/Amounts"}, DEFINITIONS) is AMOUNTS
    assert mapping_in({"anyOf": [{"type": "null"}, {"$ref": "#/$defs/Amounts"}]}, DEFINITIONS) is AMOUNTS
    assert mapping_in({"anyOf": [{"type": "null"}]}, DEFINITIONS) == {}
    assert mapping_in({"$ref": "#/$defs/Nothing"}, DEFINITIONS) == {}
