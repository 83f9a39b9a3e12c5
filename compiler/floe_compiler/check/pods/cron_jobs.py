"""Schedules and deadlines of CronJobs must be complete and valid."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from floe_compiler.check.index import Index
from floe_compiler.model.diagnostics import Diagnostic, Rule
from floe_compiler.model.hints import with_hint
from floe_compiler.model.objects import Object, ObjectId
from floe_compiler.model.schedules import check_schedule, check_time_zone

MISSING = Rule(
    "C113",
    "incomplete CronJob",
    "A CronJob must set its time zone, what happens when runs overlap, how late a missed run may start, and how many "
    "finished runs are kept.",
)
SCHEDULE = Rule(
    "C114",
    "schedule or time zone that Kubernetes refuses",
    "A schedule has five fields. The time zone is a name from the IANA database, in a separate field.",
)
LATE = Rule(
    "C115",
    "CronJob that may never start",
    "Kubernetes checks CronJobs every 10 seconds, so runs are missed if startingDeadlineSeconds is shorter.",
)
RULES = (MISSING, SCHEDULE, LATE)

_FIELDS: dict[str, object] = {
    "concurrencyPolicy": "Forbid",
    "failedJobsHistoryLimit": 3,
    "startingDeadlineSeconds": 300,
    "successfulJobsHistoryLimit": 3,
    "timeZone": "Etc/UTC",
}
_SHORTEST = 10


def check(index: Index) -> Iterator[Diagnostic]:
    """Yield the CronJobs that may run at the wrong time, or not at all."""
    for identity, manifest in index.of("batch", "CronJob"):
        spec: Object = manifest.get("spec", {})
        missing = [field for field in _FIELDS if field not in spec]
        if missing:
            hint = f"write, for example, {', '.join(f'{field}: {_FIELDS[field]}' for field in missing)}"
            yield index.finding(MISSING, identity, f"spec lacks {', '.join(missing)}", hint)
        yield from _accepted(index, identity, spec, "schedule", check_schedule)
        yield from _accepted(index, identity, spec, "timeZone", check_time_zone)
        deadline = spec.get("startingDeadlineSeconds", _SHORTEST)
        if deadline < _SHORTEST:
            yield index.finding(
                LATE, identity, f"spec.startingDeadlineSeconds is {deadline}", f"write {_SHORTEST} at least"
            )


def _accepted(
    index: Index, identity: ObjectId, spec: Object, field: str, accept: Callable[[str], str]
) -> Iterator[Diagnostic]:
    try:
        if field in spec:
            accept(spec[field])
    except ValueError as error:
        yield index.finding(SCHEDULE, identity, *with_hint(f"spec.{field}: {error}"))
