"""Only plain data is accepted."""

from __future__ import annotations

import enum
from typing import Any

import pytest

from floe_compiler.model.plain_data import DEEPEST, check_plain


class Text(str):
    __slots__ = ()


class Choice(enum.StrEnum):
    ONE = "one"


def test_plain_data_is_accepted() -> None:
    check_plain({"a": [1, 1.5, "é", True, None, {"b": []}], "": -(2**63)})


@pytest.mark.parametrize("value", [(1,), {1}, b"a", Text("a"), Choice.ONE, object(), 1j])
def test_other_types_are_refused_with_their_place(value: Any) -> None:
    with pytest.raises(TypeError, match=r"^spec\.list\[0\] is \w+, not plain data"):
        check_plain({"spec": {"list": [value]}})


@pytest.mark.parametrize("key", [1, True, None, 1.5, Text("a")])
def test_keys_must_be_text(key: Any) -> None:
    with pytest.raises(TypeError, match=r"^spec has a key that is \w+, not text$"):
        check_plain({"spec": {key: 1}})


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf"), 2**63, -(2**63) - 1, "\udc00"])
def test_values_that_no_cluster_can_hold_are_refused(value: Any) -> None:
    with pytest.raises(ValueError, match=r"^a\[1\] "):
        check_plain({"a": [0, value]})


def test_half_a_surrogate_pair_in_a_key_is_refused() -> None:
    with pytest.raises(ValueError, match="surrogate"):
        check_plain({"a": {"\ud800": 1}})


def test_data_that_contains_itself_is_refused() -> None:
    loop: dict[str, Any] = {}
    loop["again"] = [loop]
    with pytest.raises(ValueError, match=r"^again\[0\]\.again is nested deeper"):
        check_plain(loop)


def test_nesting_up_to_the_limit_is_accepted() -> None:
    value: Any = "text"
    for _ in range(DEEPEST):
        value = [value]
    check_plain(value)
    with pytest.raises(ValueError, match="nested deeper"):
        check_plain([value])


def test_messages_do_not_show_values() -> None:
    with pytest.raises(TypeError) as raised:
        check_plain({"password": b"hunter2"})
    assert "hunter2" not in str(raised.value)
