"""The number of replicas, and what sets it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from floe_compiler.check.capacity.scalers import runs, scaled_twice, scalers_of
from floe_compiler.check.capacity.single_replicas import single_replicas
from floe_compiler.check.index import Index
from floe_compiler.check.pods.exceptions import SINGLE_REPLICA, Departure, undeclared
from floe_compiler.model.diagnostics import Diagnostic, Rule
from floe_compiler.model.objects import Object, ObjectId
from floe_compiler.model.scaling import KEDA, least_replicas, most_pods
from floe_compiler.model.workloads import Workload

SINGLE = Rule(
    "C093",
    "single replica in production",
    "In production, a Deployment runs at least two replicas, so that a node's failure or a rollout does not stop it. "
    'If a second replica would do harm, set the annotation "floe.dev/exception-singleReplica: <reason>".',
)
BOTH = Rule(
    "C094",
    "replicas set beside an autoscaler",
    "A workload that a HorizontalPodAutoscaler scales must not set its replicas, as each delivery would undo the "
    "scaling. Remove spec.replicas.",
)
BOUNDS = Rule(
    "C095",
    "contradictory autoscaler bounds",
    "An autoscaler's lowest number of replicas is above its highest. Correct one of them.",
)
TWICE = Rule(
    "C201",
    "two autoscalers for one workload",
    "Each autoscaler undoes what the other one does. (A ScaledObject of KEDA creates a HorizontalPodAutoscaler of its "
    "own.) Keep one.",
)
TO_ZERO = Rule(
    "C202",
    "ScaledObject that may stop its workload",
    "Without minReplicaCount, KEDA scales a workload to 0 when there is nothing to do. Write the number, 0 if that is "
    "meant.",
    severity="warning",
)
ROLLOUT = Rule(
    "C096",
    "rollout that reduces replicas",
    "A rolling update of several replicas must add one pod at a time, and remove an old pod only when the new pod is "
    "ready: set maxSurge 1 and maxUnavailable 0.",
)
ALONE = Rule(
    "C098",
    "several replicas of a singleton",
    "The workload's component declares that more than one replica cannot work, as the replicas would not know of each "
    "other. Leave it at one replica, without an autoscaler.",
)
RULES = (SINGLE, BOTH, BOUNDS, ROLLOUT, ALONE, TWICE, TO_ZERO)


def check(index: Index) -> Iterator[Diagnostic]:
    """Yield workloads with too few or too many replicas, replicas that are set twice, and rollouts that reduce them."""
    scalers, alone = scalers_of(index), single_replicas(index)
    yield from _not_alone(index, scalers, alone)
    for target, (identity, scaler) in scalers.items():
        workload = index.workloads.get(target)
        if workload is not None and target not in alone and "replicas" in workload.spec:
            yield index.finding(BOTH, target, f"spec.replicas is set, but {identity} scales it", "remove spec.replicas")
        lowest, highest = scaler.get("minReplicas", 1), scaler.get("maxReplicas", 1)
        if lowest > highest:
            yield index.finding(
                BOUNDS,
                identity,
                f"{_field(identity, 'min')} is {lowest}, {_field(identity, 'max')} {highest}",
                "correct one of them",
            )
    for second, other in scaled_twice(index):
        yield index.finding(TWICE, second, f"it scales the same workload as {other}", "keep one of them")
    for identity, manifest in index.of(*KEDA):
        if "minReplicaCount" not in manifest.get("spec", {}):
            yield index.finding(
                TO_ZERO, identity, "spec.minReplicaCount is missing", "write, for example, minReplicaCount: 1"
            )
    deployments = [workload for workload in index.workloads.values() if workload.kind == "Deployment"]
    single = (
        Departure(workload, SINGLE_REPLICA, SINGLE, f"{runs(workload)} a single replica")
        for workload in index.workloads.values()
        if workload.id in alone or (workload.kind == "Deployment" and least_replicas(workload, scalers) == 1)
    )
    if index.rendered.production:
        yield from undeclared(index, single, lambda field: field == SINGLE_REPLICA)
    for workload in deployments:
        if least_replicas(workload, scalers) > 1 and workload.id not in alone:
            yield from _rollout(index, workload)


def _field(scaler: ObjectId, bound: str) -> str:
    return f"spec.{bound}Replica{'Count' if scaler.group == KEDA[0] else 's'}"


def _not_alone(
    index: Index, scalers: Mapping[ObjectId, tuple[ObjectId, Object]], alone: Mapping[ObjectId, str]
) -> Iterator[Diagnostic]:
    for identity, reason in alone.items():
        workload = index.workloads[identity]
        pods = most_pods(workload, scalers, index.rendered.nodes)
        if pods > 1 and workload.kind in ("Deployment", "StatefulSet"):
            cause, hint = runs(workload), "write replicas: 1"
            if identity in scalers:
                scaler = scalers[identity][0]
                cause, hint = f"{scaler} scales it to", f"remove {scaler}"
            message = f"{cause} {pods} replicas, but it must run alone: {reason}"
            yield index.finding(ALONE, identity, message, hint)


def _rollout(index: Index, workload: Workload) -> Iterator[Diagnostic]:
    strategy = workload.spec.get("strategy", {})
    rolling = strategy.get("rollingUpdate", {})
    surge, unavailable = rolling.get("maxSurge", "25%"), rolling.get("maxUnavailable", "25%")
    if strategy.get("type", "RollingUpdate") == "RollingUpdate" and (surge, unavailable) != (1, 0):
        message = f"spec.strategy.rollingUpdate has maxSurge {surge} and maxUnavailable {unavailable}"
        yield index.finding(ROLLOUT, workload.id, message, "write maxSurge: 1 and maxUnavailable: 0")
