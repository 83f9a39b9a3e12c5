"""What remains of a published schema after trimming."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from trim_schemas import FOLDER, Schema, share, show, trim, trim_root

TEXT = {"type": "string"}
PLACE = {"type": "object", "properties": dict.fromkeys(("street", "town", "country", "planet"), TEXT)}


@pytest.mark.parametrize(
    ("schema", "trimmed"),
    [
        ({"type": "string", "description": "x", "example": "y", "pattern": "^a"}, {"type": "string", "pattern": "^a"}),
        ({"properties": {"description": TEXT}}, {"properties": {"description": TEXT}}),
        ({"properties": {"a": TEXT | {"title": "x"}}, "additionalProperties": False}, {"properties": {"a": TEXT}}),
        ({"additionalProperties": TEXT | {"title": "x"}}, {"additionalProperties": TEXT}),
        ({"items": {"anyOf": [{"title": "x", "minLength": 1}]}}, {"items": {"anyOf": [{"minLength": 1}]}}),
        (
            {"x-kubernetes-int-or-string": True, "anyOf": [{"type": "integer"}, {"type": "string"}], "pattern": "x"},
            {"x-kubernetes-int-or-string": True, "pattern": "x"},
        ),
        ({"required": ["a"], "default": {}, "nullable": True}, {"required": ["a"], "default": {}, "nullable": True}),
    ],
)
def test_the_trimmed_schema_has_the_expected_parts(schema: Schema, trimmed: Schema) -> None:
    assert trim(schema) == trimmed


def test_the_status_is_removed_but_not_a_field_of_that_name() -> None:
    spec = {"properties": {"status": TEXT}}
    assert trim_root({"properties": {"spec": spec, "status": spec}}) == {"properties": {"spec": spec}}


def test_repeated_parts_are_shared() -> None:
    schema = {"properties": {"home": PLACE, "work": PLACE, "others": {"items": PLACE}, "name": TEXT, "nick": TEXT}}
    reference = {"$ref": "#/$defs/home"}
    assert share(schema) == {
        "$defs": {"home": PLACE},
        "properties": {
            "home": reference,
            "work": reference,
            "others": {"items": reference},
            "name": TEXT,
            "nick": TEXT,
        },
    }


def test_parts_repeated_only_with_their_parent_are_not_shared() -> None:
    person = {"properties": {"home": PLACE}}
    shared = share({"properties": {"owner": person, "tenant": person}})
    assert shared["$defs"] == {"owner": person}


def test_fields_with_defaults_are_kept_where_they_may_be_required() -> None:
    schema = {"properties": {"home": PLACE | {"default": {}}, "work": PLACE | {"default": {}}}}
    assert share(schema) == schema


def test_shared_parts_with_one_name_get_different_names() -> None:
    stricter = PLACE | {"required": ["town"]}
    parts = {
        "a": {"properties": {"at": PLACE}},
        "b": {"properties": {"at": PLACE, "of": TEXT}},
        "c": {"properties": {"at": stricter}},
        "d": {"properties": {"at": stricter, "of": TEXT}},
    }
    assert share({"properties": parts})["$defs"] == {"at": PLACE, "at2": stricter}


def test_short_values_are_on_one_line() -> None:
    assert show({"b": TEXT, "a": {}}) == '{"a": {}, "b": {"type": "string"}}'
    lines = show({"properties": {"x" * 60: TEXT, "y" * 60: TEXT}}).splitlines()
    assert lines[0] == "{"
    assert lines[2] == f'  "{"x" * 60}": {{"type": "string"}},'


def test_the_files_are_trimmed() -> None:
    files = sorted(FOLDER.glob("*/*.json"))
    assert len(files) > 40
    assert [path.name for path in files if not is_trimmed(path.read_text("utf-8"))] == []


def is_trimmed(text: str) -> bool:
    """Return whether the text of a schema is as it is written, without what is trimmed and what nothing refers to."""
    schema = json.loads(text)
    is_as_written = text == show(schema) + "\n"
    definitions = schema.pop("$defs", {})
    used = {reference.removeprefix("#/$defs/") for reference in references([schema, definitions])}
    trimmed = {name: trim(part) for name, part in definitions.items()}
    return is_as_written and used == set(definitions) and (trim_root(schema), trimmed) == (schema, definitions)


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from references(item)
