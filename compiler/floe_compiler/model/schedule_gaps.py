"""The longest time between two runs of a schedule that `schedules.check_schedule` has accepted."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise

from floe_compiler.model.schedules import in_fields

_START, _END = datetime(2024, 1, 1), datetime(2034, 1, 1)
"""Long enough for two 29ths of February; eight years are between two of them only around 2100."""
_DAY, _HOUR = timedelta(days=1), 3600


@functools.lru_cache(maxsize=4096)
def longest_gap(schedule: str, time_zone: str = "Etc/UTC") -> int:
    """Return the most seconds between two runs, with an hour more where clocks may be put back."""
    from cronsim import CronSim

    fields = in_fields(schedule).split()
    times = CronSim(" ".join((*fields[:2], "*", "*", "*")), _START)
    minutes = sorted(60 * hour + minute for hour in times.hours for minute in times.minutes)
    within = max((later - earlier for earlier, later in pairwise(minutes)), default=0) * 60
    # From the last run of a day to the first of the next day that has runs.
    between = _longest_days(fields[2:]) * int(_DAY.total_seconds()) - (minutes[-1] - minutes[0]) * 60
    return max(within, between) + (0 if time_zone.startswith("Etc/") else _HOUR)


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
