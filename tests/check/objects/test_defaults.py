"""Defaults of custom resources are set where a value is missing, at any depth, and nothing else changes."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from floe_compiler.check.objects.custom_resources.defaults import Defaults, defaults_of

SIZE = {"type": "object", "properties": {"cpu": {"type": "string", "default": "1"}, "memory": {"type": "string"}}}
SCHEMA = {
    "properties": {
        "mode": {"default": "all"},
        "note": {"default": "none", "nullable": True},
        "size": SIZE,
        "main": {"default": {}, **SIZE},
        "pools": {"items": SIZE},
        "named": {"properties": {"plain": {"type": "object"}, "any": {}}, "additionalProperties": SIZE},
        "plain": {"properties": {"cpu": {"type": "string"}}},
    }
}


def defaults() -> Defaults:
    """Return the defaults of the schema."""
    filled = defaults_of(SCHEMA)
    assert filled
    return filled


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({}, {"mode": "all", "note": "none", "main": {"cpu": "1"}}),
        ({"mode": None, "note": None}, {"mode": "all", "note": None, "main": {"cpu": "1"}}),
        ({"mode": "none", "note": "", "main": {"cpu": "2"}}, {"mode": "none", "note": "", "main": {"cpu": "2"}}),
    ],
)
def test_missing_values_get_their_defaults(value: Any, expected: Any) -> None:
    assert defaults().set_in(value) == expected


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("size", {"memory": "1Gi"}, {"memory": "1Gi", "cpu": "1"}),
        ("size", "large", "large"),
        ("pools", [{}, {"cpu": "2"}, 3], [{"cpu": "1"}, {"cpu": "2"}, 3]),
        ("pools", {}, {}),
        ("named", {"a": {}, "plain": {}, "any": {}}, {"a": {"cpu": "1"}, "plain": {}, "any": {"cpu": "1"}}),
        ("plain", {}, {}),
        ("unknown", {}, {}),
    ],
)
def test_defaults_are_set_inside_existing_values(field: str, value: Any, expected: Any) -> None:
    before = {field: deepcopy(value)}

    assert defaults().set_in(before)[field] == expected
    assert before == {field: value}


@pytest.mark.parametrize("schema", [{}, None, True, {"properties": {"plain": SCHEMA["properties"]["plain"]}}])
def test_a_schema_without_defaults_changes_nothing(schema: Any) -> None:
    assert defaults_of(schema) is None
