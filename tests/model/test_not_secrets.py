"""Values that a data product declares not to be secrets."""

from __future__ import annotations

import pytest

from floe_compiler.model.not_secrets import values_of, without_values


def test_values_are_those_of_the_declared_keys() -> None:
    steps = [{"variables": {"TOKEN": "a", "OTHER": "b"}, "command": ["run", "c"]}, {"variables": {"TOKEN": 7}}]
    assert list(values_of({"steps": steps, "not_secrets": {"TOKEN": "why", "command": "why"}})) == [
        "a",
        "run",
        "c",
        "7",
    ]
    assert list(values_of({"steps": steps})) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("TOKEN=1", "TOKEN="),
        ("TOKEN=12 x1 1", "TOKEN=12 x1 "),
        ('{"TOKEN": "a\\"b"}', '{"TOKEN": ""}'),
    ],
)
def test_only_whole_values_are_left_out(text: str, expected: str) -> None:
    assert without_values(text, ["1", 'a"b']) == expected
