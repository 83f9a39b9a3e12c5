"""How often a schedule runs, and the longest time between two runs."""

from __future__ import annotations

from fractions import Fraction

import pytest

from floe_compiler.model.schedule_gaps import longest_gap, runs_each_month
from tables import table

MINUTE, HOUR, DAY = 60, 3600, 86400


@table(
    "schedule, gap",
    [
        ("* * * * *", MINUTE),
        ("*/15 * * * *", 15 * MINUTE),
        ("0,10 * * * *", 50 * MINUTE),
        ("0 5 * * *", DAY),
        ("30 4,16 * * *", 12 * HOUR),
        ("0 8-17 * * *", 15 * HOUR),
        ("0 5 * * 1-5", 3 * DAY),
        ("0 8-17 * * 1", 7 * DAY - 9 * HOUR),
        ("0 0 1 * *", 31 * DAY),
        ("0 0 31 * *", 61 * DAY),
        ("0 0 29 2 *", 1461 * DAY),
        ("0 0 13 * 5", 7 * DAY),
        ("@hourly", HOUR),
        ("@daily", DAY),
        ("@midnight", DAY),
        ("@weekly", 7 * DAY),
        ("@monthly", 31 * DAY),
        ("@yearly", 366 * DAY),
        ("@annually", 366 * DAY),
    ],
)
def test_the_longest_gap_of_a_schedule(schedule: str, gap: int) -> None:
    assert longest_gap(schedule) == gap


def test_with_daylight_saving_time_a_gap_may_be_an_hour_longer() -> None:
    assert longest_gap("0 5 * * *", "Europe/Berlin") == 25 * HOUR
    assert longest_gap("0 5 * * *", "Etc/GMT-1") == 24 * HOUR


@pytest.mark.parametrize(
    ("schedule", "runs"),
    [
        ("@daily", Fraction(3653, 120)),
        ("*/15 8-17 * * *", Fraction(40 * 3653, 120)),
        ("@monthly", Fraction(1)),
        ("0 0 29 2 *", Fraction(3, 120)),
        ("@yearly", Fraction(10, 120)),
        ("30 6 * * 1-5", Fraction(2610, 120)),
    ],
)
def test_the_average_number_of_runs_in_a_month(schedule: str, runs: Fraction) -> None:
    assert runs_each_month(schedule) == runs
