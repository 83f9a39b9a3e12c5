"""How long a failover takes, and whether the times of a Lease can work: arithmetic, in seconds.

All times are counted from the last renewal that the holder knows to have succeeded, on clocks that nobody sets. The
holder has ended its daemon at `renew_deadline` + STOP; the other pod takes the Lease `duration` after it has seen that
renewal.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction

from floe_compiler.components.orchestrator_dagster.settings import DaemonSettings
from floe_compiler.model.document import DataPath
from floe_compiler.model.durations import format_duration, parse_duration
from floe_compiler.model.plan import Refusal
from floe_compiler.model.quantities import parse_quantity

STOP = 1
"""How long a daemon has to end before it is killed. Dagster 1.13 takes 1.2 s, and loses nothing if it is killed."""

LEAST_TRIES = 3
"""How often a renewal must be possible before the holder gives up, so that one lost packet does not end the daemon."""

START_CPU = 2
"""The CPU time, in seconds, until a daemon of Dagster 1.13 says for the first time that it runs: 1.3 to 2.1."""

START_WAIT = 2
"""What it waits meanwhile for its database and its code locations: about one second."""


def start_seconds(settings: DaemonSettings) -> int:
    """Return how long a daemon takes to start: longer with less than one CPU, of which it cannot use more."""
    cpu = min(parse_quantity(settings.resources.limits.cpu).amount, Fraction(1))
    return math.ceil(START_CPU / cpu) + START_WAIT


def failover_seconds(settings: DaemonSettings) -> int:
    """Return the longest time without a daemon after its pod or node has failed.

    The other pod sees the last renewal up to one retry period later, and needs another one at most to take the Lease.
    """
    duration, retry = parse_duration(settings.lease.duration), parse_duration(settings.lease.retry_period)
    return duration + 2 * retry + start_seconds(settings)


def refusals(settings: DaemonSettings) -> Iterator[Refusal]:
    """Yield why two pods could not work with these settings: the first reason only, as others may follow from it."""
    lease = settings.lease
    duration, deadline, retry = map(parse_duration, (lease.duration, lease.renew_deadline, lease.retry_period))
    killed = deadline + STOP
    if killed >= duration:
        yield Refusal(
            f"would run two daemons: one that cannot renew its Lease is killed after {format_duration(killed)}, "
            f"when another may have taken it after {format_duration(duration)}",
            f"set renew_deadline to {format_duration(duration - STOP - 1)} or less, or duration to "
            f"{format_duration(killed + 1)} or more"
            if duration - STOP - 1 >= LEAST_TRIES
            else f"set duration to {format_duration(killed + 1)} or more",
            _written(settings, "renew_deadline", "duration"),
        )
    elif not 0 < LEAST_TRIES * retry <= deadline:
        yield Refusal(
            f"could not renew its Lease {LEAST_TRIES} times, every {format_duration(retry)}, before it gives up after "
            f"{format_duration(deadline)}",
            f"set retry_period to {format_duration(max(deadline // LEAST_TRIES, 1))}"
            if deadline >= LEAST_TRIES
            else f"set renew_deadline to {LEAST_TRIES}s or more",
            _written(settings, "retry_period", "renew_deadline"),
        )
    elif (longest := failover_seconds(settings)) > parse_duration(settings.failover):
        yield _too_long(settings, longest)


def _too_long(settings: DaemonSettings, longest: int) -> Refusal:
    lease, start = settings.lease, start_seconds(settings)
    slow = start > START_CPU + START_WAIT
    return Refusal(
        f"may be without a daemon for {format_duration(longest)} after a failure, but daemon.failover allows "
        f"{settings.failover}: the Lease runs out after {lease.duration}, is taken within two retry periods of "
        f"{lease.retry_period}, and a daemon starts in {start}s",
        f"raise daemon.failover to {format_duration(longest)}, or shorten the times of daemon.lease"
        + (", or give the daemon a CPU limit of 1 or more" if slow else ""),
        ("daemon", "resources", "limits", "cpu") if slow else _written(settings, "duration", "retry_period"),
    )


def _written(settings: DaemonSettings, *names: str) -> DataPath:
    """Return the path of the first time of the Lease that somebody has set."""
    written = [name for name in names if name in settings.lease.model_fields_set]
    return ("daemon", "lease", written[0]) if written else ("daemon", "failover")
