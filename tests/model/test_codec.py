"""Frozen data as bytes: the same value gives the same bytes, and invalid bytes give None."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec
import pytest

from floe_compiler.model.bit_sets import Bits
from floe_compiler.model.codec import decode, digest_of, encode
from floe_compiler.model.inputs import Quota


@dataclass(frozen=True)
class Point:
    x: int
    name: str = ""


class Row(msgspec.Struct, frozen=True, array_like=True):
    points: tuple[Point, ...]
    by_name: dict[str, Point]


def test_encoded_values_are_decoded_equal() -> None:
    row = Row((Point(1, "a"), Point(2)), {"z": Point(3), "a": Point(4)})
    again = decode(encode(row), Row)
    assert again == row
    assert again is not None
    assert [*again.by_name] == ["z", "a"], "the order of a mapping is kept"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xc1",
        encode(7),
        encode([[]]),
        encode([[Point(1)], {1: 2}]),
        encode(Row((), {})) + b"\0",
        b"\x91" * 100_000,
    ],
)
def test_invalid_bytes_give_none(data: bytes) -> None:
    assert decode(data, Row) is None


def test_text_that_is_not_utf_8_gives_none() -> None:
    assert decode(b"\xa2\xff\xfe", str) is None


@pytest.mark.parametrize(
    ("first", "other"),
    [
        (Quota(cpu="1"), Quota.model_validate({"cpu": "1"})),
        ((1, 2), [1, 2]),
    ],
)
def test_the_same_value_gives_the_same_bytes(first: Any, other: Any) -> None:
    assert encode(first) == encode(other)


@pytest.mark.parametrize(
    ("first", "other"), [(Quota(cpu="1"), Quota(cpu="2")), (Quota, Point), (1, "1"), (True, 1), (1, 1.5), (None, "")]
)
def test_different_values_give_different_bytes(first: Any, other: Any) -> None:
    assert encode(first) != encode(other)


@pytest.mark.parametrize("value", [len, object(), lambda: 1, {1: [print]}])
def test_values_that_are_not_data_are_refused(value: Any) -> None:
    with pytest.raises(TypeError):
        encode(value)


def test_parts_of_a_digest_are_delimited() -> None:
    digests = [digest_of(*parts) for parts in (("ab", "c"), ("a", "bc"), ("abc",), ("abc", ""), ("", "abc"), ())]
    assert len({*digests}) == len(digests)
    assert digest_of("ä", b"x") == digest_of("ä".encode(), "x")
    assert digest_of("\udcff") == digest_of(b"\xff"), "the name of a file may be of any bytes"
    assert {len(digest) for digest in digests} == {64}


@pytest.mark.parametrize("mask", [0, 1, 1 << 63, 1 << 64, (1 << 200) - 1])
def test_sets_of_any_size_are_data(mask: int) -> None:
    decoded = decode(encode({"a": Bits(mask)}), dict[str, Bits])
    assert decoded == {"a": mask}
    assert encode(decoded) == encode({"a": Bits(mask)})
    assert decode(encode(mask % 9), Bits) is None, "values that are not sets"
