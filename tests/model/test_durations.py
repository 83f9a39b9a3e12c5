"""Whether durations are read and written as Go tools do."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from floe_compiler.model.durations import format_duration, go_duration, parse_duration
from tables import table


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0s", 0),
        ("60s", 60),
        ("1m30s", 90),
        ("24h", 86_400),
        ("1h0m1s", 3601),
        ("90m", 5400),
        ("1h1s", 3601),
        ("007s", 7),
    ],
)
def test_durations_are_read(text: str, seconds: int) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (59, "59s"), (60, "1m"), (90, "1m30s"), (3600, "1h"), (3601, "1h1s"), (90_000, "25h")],
)
def test_durations_are_written(seconds: int, text: str) -> None:
    assert format_duration(seconds) == text


@given(st.integers(0, 9_223_372_036))
def test_written_durations_are_read_back(seconds: int) -> None:
    assert parse_duration(format_duration(seconds)) == seconds


@table(
    "text, hint",
    [
        ("60", 'add the unit, such as "60s"'),
        ("7d", 'write "168h"'),
        ("1.5h", "write whole hours"),
        ("500ms", "write whole hours"),
        ("30s1m", "in this order"),
        ("", "in this order"),
        ("-1s", "in this order"),
        ("1 h", "in this order"),
        ("1s\n", "in this order"),
        ("\u0661s", "in this order"),
        ("5 minutes", "in this order"),
        ("9999999h", "Go programs count up to 292 years"),
    ],
)
def test_invalid_durations_are_refused_with_a_fix(text: str, hint: str) -> None:
    with pytest.raises(ValueError) as raised:
        parse_duration(text)
    assert f'"{text}" is' in str(raised.value)
    assert hint in str(raised.value).partition("; ")[2]


def test_negative_seconds_are_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        format_duration(-1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0s", "0s"), ("59s", "59s"), ("1m", "1m0s"), ("90s", "1m30s"), ("1h", "1h0m0s"), ("25h1s", "25h0m1s")],
)
def test_durations_are_written_as_by_go_programs(text: str, expected: str) -> None:
    assert go_duration(text) == expected


@given(st.integers(0, 9_223_372_036))
def test_go_reads_written_durations(seconds: int) -> None:
    assert parse_duration(go_duration(f"{seconds // 60}m{seconds % 60}s")) == seconds
