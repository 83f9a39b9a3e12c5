"""Objects that are no longer in the output, but stay in the cluster."""

from __future__ import annotations

from collections.abc import Iterator

from floe_compiler.model.nested_fields import at
from floe_compiler.report.dangers.danger import Change, Danger, WhyKept
from floe_compiler.report.dangers.delivery import DELIVERS, delivery_left
from floe_compiler.report.dangers.running import suspended, tests_removed

PROCEDURE = "to remove it, see docs/delivery.md (Retiring what runs)"
_RUNS = frozenset({"CronJob", "DaemonSet", "Deployment", "StatefulSet"})


def left_in_cluster(change: Change, why: WhyKept) -> Iterator[Danger]:
    """Yield what a deletion from the output means where the delivery tool does not delete the object."""
    stays = "keeps running" if change.kind in _RUNS else "stays"
    yield Danger(
        "unmanaged", f"{stays} in the cluster, unmanaged, until it is deleted there: {why.reason}; {PROCEDURE}"
    )
    if _still_scales(change):
        message = "it goes on scaling, against the number of replicas that is now set: delete it in the cluster first"
        yield Danger("unmanaged", message)
    if change.kind in DELIVERS:
        yield from delivery_left(change)
    yield from tests_removed(change)
    if change.kind == "ConfigMap" and why.applied:  # The orchestrator no longer loads the product.
        yield from suspended(change)


def _still_scales(change: Change) -> bool:
    """Return whether an autoscaler is left beside what it scales, which has a number of replicas now."""
    target = at(change.before, ("spec", "scaleTargetRef", "name"))
    return change.kind == "HorizontalPodAutoscaler" and any(
        at(manifest, ("metadata", "name")) == target and at(manifest, ("spec", "replicas")) is not None
        for manifest in change.beside
    )
