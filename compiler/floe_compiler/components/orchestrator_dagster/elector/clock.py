"""The two clocks."""

from __future__ import annotations

import time
from datetime import datetime, timezone


def now() -> float:
    """Return the time of a clock that nobody sets, and that goes on while the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def wall_clock() -> str:
    """Return the time for people who read the Lease; nothing depends on it."""
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")  # noqa: UP017 - for Python 3.10
