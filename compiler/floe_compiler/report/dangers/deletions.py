"""Objects that are no longer in the output, but stay in the cluster."""

from __future__ import annotations

from collections.abc import Iterator

from floe_compiler.report.dangers.danger import Change, Danger, Kept
from floe_compiler.report.dangers.delivery import DELIVERS, delivery_left
from floe_compiler.report.dangers.running import suspended, tests_removed

PROCEDURE = "to remove it, see docs/delivery.md (Retiring what runs)"
_RUNS = frozenset({"CronJob", "DaemonSet", "Deployment", "StatefulSet"})


def kept(change: Change, why: Kept) -> Iterator[Danger]:
    """Yield what a deletion from the output means where the delivery tool does not delete the object."""
    stays = "keeps running" if change.kind in _RUNS else "stays"
    yield Danger(
        "unmanaged", f"{stays} in the cluster, unmanaged, until it is deleted there: {why.reason}; {PROCEDURE}"
    )
    if change.kind in DELIVERS:
        yield from delivery_left(change)
    yield from tests_removed(change)
    if change.kind == "ConfigMap" and why.applied:  # Dagster no longer loads the product that it describes.
        yield from suspended(change)
