"""How often a schedule that `schedules.check_schedule` has accepted runs, and the longest time between two runs."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import pairwise

from floe_compiler.model.schedules import in_fields

_START, _END = datetime(2024, 1, 1), datetime(2034, 1, 1)
"""Long enough for two 29ths of February; eight years are between two of them only around 2100."""
_DAY, _HOUR = timedelta(days=1), 3600
_MONTHS = 12 * (_END.year - _START.year)


@functools.lru_cache(maxsize=4096)
def longest_gap(schedule: str, time_zone: str = "Etc/UTC") -> int:
    """Return the most seconds between two runs, with an hour more where clocks may be put back."""
    fields = in_fields(schedule).split()
    minutes = _minutes(fields)
    within = max((later - earlier for earlier, later in pairwise(minutes)), default=0) * 60
    # From the last run of a day to the first of the next day that has runs.
    between = _longest_days(fields[2:]) * int(_DAY.total_seconds()) - (minutes[-1] - minutes[0]) * 60
    return max(within, between) + (0 if time_zone.startswith("Etc/") else _HOUR)


@functools.lru_cache(maxsize=4096)
def runs_each_month(schedule: str) -> Fraction:
    """Return the number of runs in a month, on average over ten years."""
    fields = in_fields(schedule).split()
    days = (
        (_END - _START).days
        if fields[2:] == ["*", "*", "*"]
        else sum(_START <= day < _END for day in _days(fields[2:]))
    )
    return Fraction(len(_minutes(fields)) * days, _MONTHS)


def _minutes(fields: list[str]) -> list[int]:
    """Return the minutes of a day at which it runs, sorted."""
    from cronsim import CronSim

    times = CronSim(" ".join((*fields[:2], "*", "*", "*")), _START)
    return sorted(60 * hour + minute for hour in times.hours for minute in times.minutes)


def _longest_days(fields: list[str]) -> int:
    if fields == ["*", "*", "*"]:
        return 1
    days = [*_days(fields)]
    return max((later - earlier).days for earlier, later in pairwise(days))


def _days(fields: list[str]) -> Iterator[datetime]:
    from cronsim import CronSim

    for day in CronSim(" ".join(("0", "0", *fields)), _START - _DAY):
        if day > _END:
            return
        yield day
