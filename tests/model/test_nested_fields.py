"""Lookups in data of any shape."""

from __future__ import annotations

from typing import Any

import pytest

from floe_compiler.model.nested_fields import at, items, mapping, mappings

DATA: dict[str, Any] = {"a": {"b": [1, {"c": 2}], "none": None}}


def test_existing_fields_are_found() -> None:
    assert at(DATA, ()) is DATA
    assert at(DATA, ("a", "b")) == items(DATA, ("a", "b")) == [1, {"c": 2}]
    assert mapping(DATA, ("a",)) == DATA["a"]
    assert mappings(DATA, ("a", "b")) == [{"c": 2}]


@pytest.mark.parametrize("path", [("x",), ("a", "x"), ("a", "b", "c"), ("a", "none"), ("a", "none", "c")])
def test_missing_fields_are_none(path: tuple[str, ...]) -> None:
    assert at(DATA, path) is None
    assert mapping(DATA, path) == {}
    assert items(DATA, path) == mappings(DATA, path) == []


def test_fields_of_another_shape_are_none() -> None:
    assert mapping(DATA, ("a", "b")) == {}
    assert items(DATA, ("a",)) == mappings(DATA, ("a",)) == []
