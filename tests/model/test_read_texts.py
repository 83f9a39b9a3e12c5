"""Texts that are read several times."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given

from examples import FEW
from floe_compiler.model import read_texts
from floe_compiler.model.read_texts import MOST, is_read, read_only, written
from floe_compiler.model.yaml_text import as_read, from_yaml, to_yaml
from model.test_yaml_text import mappings


@given(mappings)
@FEW
def test_written_data_is_cached_as_it_would_be_read(data: dict[str, Any]) -> None:
    text = written(data)
    assert text == to_yaml(data)
    for data_ in (read_only(text), as_read(data)):
        assert json.dumps(data_) == json.dumps(from_yaml(text)), "also in the order of keys"


def test_equal_texts_have_the_same_data_and_are_parsed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[str] = []

    def parse(text: str) -> object:
        parsed.append(text)
        return from_yaml(text)

    monkeypatch.setattr(read_texts, "from_yaml", parse)
    assert not is_read("a: 1  # once\n")
    assert read_only("a: 1  # once\n") is read_only("a: 1  # once\n")
    assert is_read("a: 1  # once\n")
    assert read_only(written({"b": [1]})) == {"b": [1]}
    assert parsed == ["a: 1  # once\n"]


def test_invalid_yaml_gives_none() -> None:
    assert read_only("a: [") is None
    assert not is_read("a: [")


def test_the_number_of_cached_texts_is_bounded() -> None:
    for number in range(MOST + 1):
        read_only(f"number: {number}\n")
    assert not is_read("number: 0\n")
    assert is_read(f"number: {MOST}\n")
