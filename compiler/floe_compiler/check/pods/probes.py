"""Long-running containers must have health checks that work."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from floe_compiler.check.index import Index
from floe_compiler.check.pods.exceptions import PROBE_FIELDS, Departure, undeclared
from floe_compiler.model.diagnostics import Diagnostic, Rule
from floe_compiler.model.workloads import PROBES, Container, Workload

MISSING = Rule(
    "C100",
    "container without health checks",
    "A long-running container needs a readiness and a liveness probe, or a hanging program goes unnoticed. "
    'If a probe would do harm, set the annotation "floe.dev/exception-livenessProbe: <reason>".',
)
TIMINGS = Rule(
    "C101",
    "contradictory probe timings",
    "A probe's timeout must not exceed its period, periods and thresholds must be at least 1, and the successThreshold "
    "of a liveness or startup probe must be 1.",
)
STARTUP = Rule(
    "C102",
    "start that may take too long",
    "A container may take at most ten minutes to start before it is restarted; rollouts do not wait longer.",
)
RULES = (MISSING, TIMINGS, STARTUP)

_LONGEST_START = 600
_SHORTER = "lower timeoutSeconds, or raise periodSeconds"


def check(index: Index) -> Iterator[Diagnostic]:
    """Yield containers without health checks, and health checks that cannot work."""
    yield from undeclared(index, _missing(index), PROBE_FIELDS.__contains__)
    for workload in index.workloads.values():
        for container in workload.containers:
            for field in PROBES:
                if field in container.data:
                    yield from _timings(index, workload, f"{container.place}.{field}", field, container.data[field])
            yield from _startup(index, workload, container)


def _missing(index: Index) -> Iterator[Departure]:
    for workload in index.workloads.values():
        for container in workload.containers:
            if container.role == "main" and not workload.is_task:
                for field in sorted(PROBE_FIELDS - container.data.keys()):
                    yield Departure(workload, field, MISSING, f"{container.place}.{field} is missing")


def _timings(index: Index, workload: Workload, place: str, field: str, probe: dict[str, Any]) -> Iterator[Diagnostic]:
    timeout, period = probe.get("timeoutSeconds", 1), probe.get("periodSeconds", 10)
    if timeout > period:
        yield index.finding(
            TIMINGS, workload.id, f"{place}: timeoutSeconds {timeout} is above periodSeconds {period}", _SHORTER
        )
    for name in ("timeoutSeconds", "periodSeconds", "failureThreshold", "successThreshold"):
        if probe.get(name, 1) < 1:
            yield index.finding(TIMINGS, workload.id, f"{place}: {name} is {probe[name]}", "write 1 or more")
    if field != "readinessProbe" and probe.get("successThreshold", 1) != 1:
        yield index.finding(
            TIMINGS, workload.id, f"{place}: successThreshold is {probe['successThreshold']}", "leave it out"
        )


def _startup(index: Index, workload: Workload, container: Container) -> Iterator[Diagnostic]:
    field = "startupProbe" if "startupProbe" in container.data else "livenessProbe"
    probe = container.data.get(field, {})
    checks = probe.get("failureThreshold", 3) * probe.get("periodSeconds", 10)
    budget = probe.get("initialDelaySeconds", 0) + checks
    if budget > _LONGEST_START:
        message = f"{container.place}.{field} gives up after {budget} s; at most {_LONGEST_START} s are allowed"
        yield index.finding(
            STARTUP, workload.id, message, "lower failureThreshold, periodSeconds or initialDelaySeconds"
        )
