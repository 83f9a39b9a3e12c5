"""Runs that something starts by a schedule: CronJobs, and data products of Dagster and Airflow.

Orchestrators are told of a product by the key `product.json` of a ConfigMap.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

import msgspec

from floe_compiler.model.nested_fields import at, mapping
from floe_compiler.model.objects import Object, ObjectId
from floe_compiler.model.schedule_gaps import runs_each_month
from floe_compiler.model.schedules import check_schedule
from floe_compiler.model.workloads import Workload, workload
from floe_compiler.report.launched_pods import launched_pods

PRODUCT = "floe.dev/product"
PRODUCT_KEY = "product.json"


class Run(msgspec.Struct, frozen=True):
    """What a schedule starts: the pods of a run, of which one runs after the other, and how often and how long."""

    product: str
    pods: tuple[Workload, ...]
    each_month: Fraction
    seconds: int
    """The time after which a run is ended."""

    at_once: int | None
    """How many of these runs there may be at once; None: any number."""


class Uncounted(msgspec.Struct, frozen=True, order=True):
    """A reason why something is not counted."""

    reason: str


def product_of(labels: Mapping[str, Any]) -> str:
    """Return the data product that labels name; empty if they name none."""
    return str(labels.get(PRODUCT, ""))


def runs_of(objects: Mapping[ObjectId, Object]) -> Iterator[Run | Uncounted]:
    """Yield the scheduled runs of a namespace; those that are switched off are left out."""
    pods = _pods_of_products(objects)
    for identity, manifest in objects.items():
        try:
            if identity.kind == "CronJob":
                yield from _of_cron_job(identity, manifest)
            elif identity.kind == "ConfigMap" and PRODUCT_KEY in mapping(manifest, ("data",)):
                yield from _of_product(json.loads(manifest["data"][PRODUCT_KEY]), pods)
        except (AttributeError, TypeError, ValueError):
            yield Uncounted(f"{identity.kind} {identity.namespace}/{identity.name} cannot be read")


def _of_cron_job(identity: ObjectId, manifest: Object) -> Iterator[Run | Uncounted]:
    owner = workload(identity, manifest)
    if owner is None or owner.spec.get("suspend") is True:
        return
    seconds = owner.job.get("activeDeadlineSeconds") or owner.pod.get("activeDeadlineSeconds")
    if seconds is None:
        yield Uncounted(f"CronJob {identity.namespace}/{identity.name} has no time after which a run is ended")
        return
    at_once = None if owner.spec.get("concurrencyPolicy") == "Allow" else 1
    each_month = runs_each_month(check_schedule(str(owner.spec.get("schedule"))))
    yield Run(product_of(owner.labels), (owner,), each_month, int(seconds), at_once)


def _of_product(definition: Any, pods: Mapping[str, tuple[Workload, ...]]) -> Iterator[Run | Uncounted]:
    """Yield the runs of a product by what its orchestrator is given."""
    tags = mapping(definition, ("tags",)) if isinstance(at(definition, ("tags",)), dict) else {}
    product = str(tags.get(PRODUCT) or at(definition, ("dag",)) or "")
    if at(definition, ("trigger",)):
        yield Uncounted(f"runs of {product}, which are started by new data of its inputs, nobody knows how often")
    schedule = mapping(definition, ("schedule",))
    if not schedule or schedule.get("enabled") is False:
        return
    seconds = int(tags.get("dagster/max_runtime") or definition["seconds"])
    each_month = runs_each_month(check_schedule(str(schedule.get("cron"))))
    yield Run(product, pods.get(product, ()), each_month, seconds, definition.get("runs_at_once"))


def _pods_of_products(objects: Mapping[ObjectId, Object]) -> Mapping[str, tuple[Workload, ...]]:
    """Return the pods of runs by product."""
    by_product: dict[str, list[Workload]] = defaultdict(list)
    for pod in launched_pods(objects):
        by_product[product_of(pod.labels)].append(pod)
    return {product: tuple(pods) for product, pods in by_product.items()}
