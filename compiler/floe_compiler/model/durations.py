"""Durations as Go and Kubernetes tools write them (`30s`, `1m30s`, `24h`), in whole seconds."""

from __future__ import annotations

import re

_DURATION = re.compile(r"(?:([0-9]{1,9})h)?(?:([0-9]{1,9})m)?(?:([0-9]{1,9})s)?")
_LONGEST = 9_223_372_036  # Go counts nanoseconds in 64 bits: 292 years


def parse_duration(text: str) -> int:
    """Return the seconds of a duration; raise ValueError if the text is not a duration."""
    match = _DURATION.fullmatch(text)
    if not match or not text:
        raise ValueError(f'"{text}" is not a duration; {_hint(text)}')
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    total = hours * 3600 + minutes * 60 + seconds
    if total > _LONGEST:
        raise ValueError(f'"{text}" is too long; Go programs count up to 292 years')
    return total


def format_duration(seconds: int) -> str:
    """Return the shortest text of a duration: 90 is `1m30s`, 3600 is `1h`; raise ValueError below zero."""
    if seconds < 0:
        raise ValueError(f"a duration cannot be negative: {seconds} seconds")
    minutes, rest = divmod(seconds, 60)
    parts = ((minutes // 60, "h"), (minutes % 60, "m"), (rest, "s"))
    return "".join(f"{count}{unit}" for count, unit in parts if count) or "0s"


def go_duration(text: str) -> str:
    """Return a duration as Go programs write it (`1h` -> `1h0m0s`); raise ValueError if it is not a duration.

    Controllers that update their own objects write durations this way. A delivery tool reports any other form as a
    difference (external-secrets/external-secrets#5390).
    """
    minutes, seconds = divmod(parse_duration(text), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes}m{seconds}s" if hours else f"{minutes}m{seconds}s" if minutes else f"{seconds}s"


def _hint(text: str) -> str:
    if re.fullmatch(r"[0-9]+", text):
        return f'add the unit, such as "{text}s"'
    if days := re.fullmatch(r"([0-9]{1,6})d", text):
        return f'days may have 23 to 25 hours: write "{int(days[1]) * 24}h"'
    if re.search(r"[.]|ms|us|ns", text):
        return 'write whole hours, minutes and seconds, such as "1h30m" or "90s"'
    return 'write hours, minutes and seconds in this order, such as "30s", "1m30s" or "24h"'
