"""Schedules and time zones that a Kubernetes CronJob accepts.

Kubernetes reads schedules with github.com/robfig/cron/v3 `ParseStandard`: five fields or a word such as `@daily`.
`@every 1h` is refused although Kubernetes accepts it: it counts from the last start of the controller.
"""

from __future__ import annotations

import difflib
import functools
import importlib.resources
import re
import zoneinfo
from datetime import datetime
from functools import partial

from floe_compiler.model.diagnostics import did_you_mean

_WORDS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
# By cronsim's names of the fields: how many values there are, and which.
_FIELDS = {
    "minute": (60, "0-59"),
    "hour": (24, "0-23"),
    "day-of-month": (31, "1-31, and a day that one of the months has"),
    "month": (12, "1-12 or JAN-DEC"),
    "day-of-week": (7, "0-6 or SUN-SAT; Sunday is 0"),
}
_NAMES = (
    ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"),
    ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"),
)
# robfig/cron supports only this syntax: no L, W, # or 7 for Sunday. For it, `?` is another way to write `*`.
_TERM_OF_ANY = re.compile(r"(?<![^,])\?(?![^,/])")
_TERM = re.compile(r"(?:\*|(?:[0-9]{1,2}|[A-Za-z]{3})(?:-(?:[0-9]{1,2}|[A-Za-z]{3}))?)(?:/([0-9]{1,4}))?")


_OFFSET = re.compile(r"(?:UTC|GMT)([+-])([0-9]{1,2})")
_ABBREVIATION = re.compile(r"[A-Z]{2,5}")
_PLACES = (
    "Europe/Berlin",
    "Europe/London",
    "Europe/Athens",
    "Europe/Lisbon",
    "Europe/Moscow",
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
    "America/Anchorage",
    "Asia/Kolkata",
    "Asia/Tokyo",
    "Asia/Seoul",
    "Asia/Shanghai",
    "Asia/Jerusalem",
    "Australia/Sydney",
    "Australia/Perth",
    "Pacific/Auckland",
    "Africa/Johannesburg",
)
"""Places whose abbreviations people write; the first with one is suggested."""


def check_schedule(text: str) -> str:
    """Return the schedule with single spaces, and `*` for `?`.

    Raises ValueError if Kubernetes would refuse it, or it could never run.
    """
    if text.startswith("@"):
        if text not in _WORDS:
            raise ValueError(f'"{text}" is not a schedule; {did_you_mean(text, _WORDS)}')
        return text
    if "TZ=" in text:
        raise ValueError(
            f'"{text}" holds a time zone; give it in the field for time zones, where Kubernetes expects it'
        )
    fields = [_TERM_OF_ANY.sub("*", field) for field in text.split()]
    if len(fields) != len(_FIELDS):
        order = "minute, hour, day of the month, month, day of the week"
        raise ValueError(f'"{text}" has {len(fields)} fields; a schedule has five: {order}, such as "30 4 * * *"')
    for name, field in zip(_FIELDS, fields, strict=True):
        _check_dialect(text, name, field)
        _check_ranges(text, name, field)
    _check_with_cronsim(text, " ".join(fields))
    return " ".join(fields)


def in_fields(schedule: str) -> str:
    """Return the five fields of a schedule that `check_schedule` has accepted, which may be a word."""
    return _WORDS.get(schedule, schedule)


def check_time_zone(name: str) -> str:
    """Return the name of the time zone; raise ValueError if the IANA database does not have it."""
    if name not in _time_zones():
        raise ValueError(f'"{name}" is not a time zone; {_meant(name)}')
    return name


def _meant(name: str) -> str:
    """Return the hint for a name that is not a time zone: an abbreviation, an offset, or a misspelt name."""
    if offset := _OFFSET.fullmatch(name):
        sign = "-" if offset[1] == "+" else "+"  # POSIX counts offsets the other way round
        return f"write a place, such as Europe/Berlin, or Etc/GMT{sign}{int(offset[2])} for this offset all year"
    if _ABBREVIATION.fullmatch(name) and (place := next(filter(partial(_is_called, name), _PLACES), "")):
        return f"it is an abbreviation: write a place with this time, such as {place}"
    near = difflib.get_close_matches(name, sorted(_time_zones()), n=1)
    return f'did you mean "{near[0]}"?' if near else "write a name, such as Europe/Berlin or Etc/UTC"


def _is_called(abbreviation: str, place: str) -> bool:
    """Return whether the time of a place has this abbreviation in winter or in summer."""
    zone = zoneinfo.ZoneInfo(place)
    return abbreviation in {datetime(2024, month, 1, tzinfo=zone).tzname() for month in (1, 7)}


def _check_dialect(text: str, name: str, field: str) -> None:
    size, values = _FIELDS[name]
    for term in field.split(","):
        match = _TERM.fullmatch(term)
        if not match or (name == "day-of-week" and "7" in re.split("[-/]", term)):
            raise ValueError(f'"{text}" is not a schedule; {name} "{term}" must be in {values}')
        if match[1] and not 0 < int(match[1]) < size:
            raise ValueError(f'"{text}" is not a schedule; the step of {name} "{term}" must be from 1 to {size - 1}')


def _check_ranges(text: str, name: str, field: str) -> None:
    for term in field.split(","):
        ends = [_number(end) for end in term.partition("/")[0].upper().split("-")]
        if ends[0] > ends[-1]:
            reason = f'{name} "{term}" ends before it begins'
            raise ValueError(
                f'"{text}" is not a schedule; {reason}: split it into two ranges, each within {_FIELDS[name][1]}'
            )


def _number(value: str) -> int:
    """Return the number of a value or name (`MON`); raise ValueError, naming the field, if it is neither."""
    return int(value) if value.isdecimal() else next((names.index(value) for names in _NAMES if value in names), 0)


def _check_with_cronsim(text: str, schedule: str) -> None:
    from cronsim import CronSim, CronSimError

    try:
        CronSim(schedule, datetime(2024, 1, 1))  # the start does not matter, only whether cronsim accepts it
    except CronSimError as error:
        name = str(error).removeprefix("Bad ")
        values = _FIELDS[name][1] if name in _FIELDS else "see crontab(5)"
        raise ValueError(f'"{text}" is not a schedule; its {name} must be in {values}') from None


@functools.cache
def _time_zones() -> frozenset[str]:
    """Return the time zones of the tzdata package, which are the same on every machine."""
    return frozenset(importlib.resources.files("tzdata").joinpath("zones").read_text(encoding="utf-8").split())
