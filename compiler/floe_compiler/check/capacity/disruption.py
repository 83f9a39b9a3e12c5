"""Disruption budgets must protect pods, but allow drains."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping

from floe_compiler.check.capacity.scalers import runs, scalers_of
from floe_compiler.check.capacity.single_replicas import single_replicas
from floe_compiler.check.index import Index
from floe_compiler.model.diagnostics import Diagnostic, Rule
from floe_compiler.model.hints import some
from floe_compiler.model.objects import Object, ObjectId
from floe_compiler.model.scaling import least_replicas
from floe_compiler.model.workloads import Workload

BLOCKING = Rule(
    "C090",
    "disruption budget that blocks every drain",
    "The budget never allows a pod to be evicted, so its node can never be drained. "
    "Allow at least one disruption, or remove the budget if there is only one pod.",
)
OVERLAPPING = Rule(
    "C091",
    "two disruption budgets for the same pods",
    "Kubernetes refuses to evict pods that more than one PodDisruptionBudget selects. Keep one.",
)
MISSING = Rule(
    "C092",
    "replicas without a disruption budget",
    "In production, a workload with several replicas needs a PodDisruptionBudget, or a drain may stop all of them.",
)
RULES = (BLOCKING, OVERLAPPING, MISSING)

_REPLICATED = ("Deployment", "StatefulSet")


def check(index: Index) -> Iterator[Diagnostic]:
    """Yield budgets that block drains, pods with two budgets, and in production workloads without a budget."""
    scalers, alone = scalers_of(index), single_replicas(index)
    budgets: dict[ObjectId, list[ObjectId]] = defaultdict(list)
    for identity, budget in index.of("policy", "PodDisruptionBudget"):
        spec = budget.get("spec", {})
        for pods in index.pods.select(spec.get("selector", {})):
            if pods.workload is not None:
                budgets[pods.workload.id].append(identity)
                yield from _blocking(index, identity, spec, pods.workload, scalers)
    for workload in index.workloads.values():
        selecting = budgets[workload.id]
        if len(selecting) > 1:
            names = some(identity.name for identity in selecting)
            yield index.finding(
                OVERLAPPING, workload.id, f"its pods are selected by the budgets {names}", "keep one of them"
            )
        replicated = workload.kind in _REPLICATED and workload.id not in alone
        if index.rendered.production and not selecting and replicated:
            replicas = least_replicas(workload, scalers)
            if replicas > 1:
                yield index.finding(
                    MISSING,
                    workload.id,
                    f"{runs(workload)} {replicas} replicas, and there is no PodDisruptionBudget",
                    "add one that selects its pods",
                )


def _blocking(
    index: Index,
    identity: ObjectId,
    budget: Object,
    workload: Workload,
    scalers: Mapping[ObjectId, tuple[ObjectId, Object]],
) -> Iterator[Diagnostic]:
    if workload.kind not in _REPLICATED:
        return
    replicas = least_replicas(workload, scalers)
    name = f"{workload.kind} {workload.id.name}"
    if "maxUnavailable" in budget and _pods(budget["maxUnavailable"], replicas) < 1:
        message = f"spec.maxUnavailable is {budget['maxUnavailable']}"
        yield index.finding(BLOCKING, identity, message, "write maxUnavailable: 1")
    if replicas == 1:
        yield index.finding(
            BLOCKING, identity, f"{name} runs a single pod, so the budget blocks every drain", "remove the budget"
        )
    elif "minAvailable" in budget and _pods(budget["minAvailable"], replicas) >= replicas > 0:
        message = f"spec.minAvailable is {budget['minAvailable']}, and {name} runs {replicas} pods at least"
        yield index.finding(BLOCKING, identity, message, "write maxUnavailable: 1 instead of minAvailable")


def _pods(value: int | str, replicas: int) -> int:
    """Return a number of pods; percentages are rounded up, as Kubernetes does."""
    if isinstance(value, int):
        return value
    percent = value.removesuffix("%")
    return math.ceil(int(percent) * replicas / 100) if percent.isdecimal() else 0
