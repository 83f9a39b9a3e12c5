"""Lookups in data of any shape."""

from __future__ import annotations

from typing import Any

import pytest

from floe_compiler.model.nested_fields import at, items, mapping, mappings

DATA: dict[str, Any] = {"a": {"b": [1, {"c": 2}], "none": None}}


def test_what_is_there_is_found() -> None:
    assert at(DATA, ()) is DATA
    assert at(DATA, ("a", "b")) == items(DATA, ("a", "b")) == [1, {"c": 2}]
    assert mapping(DATA, ("a",)) == DATA["a"]
    assert mappings(DATA, ("a", "b")) == [{"c": 2}]


@pytest.mark.parametrize("path", [("x",), ("a", "x"), ("a", "b", "c"), ("a", "none"), ("a", "none", "c")])
def test_what_does_not_exist_is_nothing(path: tuple[str, ...]) -> None:
    assert at(DATA, path) is None
    assert mapping(DATA, path) == {}
    assert items(DATA, path) == mappings(DATA, path) == []


def test_what_has_another_shape_is_nothing() -> None:
    assert mapping(DATA, ("a", "b")) == {}
    assert items(DATA, ("a",)) == mappings(DATA, ("a",)) == []
