"""The number of pods that a workload runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from floe_compiler.model.objects import Object, ObjectId
from floe_compiler.model.workloads import Workload

AUTOSCALER = ("autoscaling", "HorizontalPodAutoscaler")
KEDA = ("keda.sh", "ScaledObject")
AUTOSCALERS = (AUTOSCALER, KEDA)
"""Group and kind of the objects that set the number of a workload's pods."""

# keda.sh/docs/2.21/reference/scaledobject-spec
KEDA_BOUNDS = {"minReplicas": ("minReplicaCount", 0), "maxReplicas": ("maxReplicaCount", 100)}

Scalers = Mapping[ObjectId, tuple[ObjectId, Object]]
"""By workload: its autoscaler, and the specification of that, in the words of a HorizontalPodAutoscaler."""


def autoscalers(objects: Iterable[tuple[ObjectId, Object]]) -> Scalers:
    """Return the autoscaler of each workload that has one."""
    scalers: dict[ObjectId, tuple[ObjectId, Object]] = {}
    for identity, scaler in objects:
        spec = scaler.get("spec", {})
        target = spec.get("scaleTargetRef", {})
        if identity.group == KEDA[0]:
            target = {"apiVersion": "apps/v1", "kind": "Deployment", **target}
            spec = {name: spec.get(field, default) for name, (field, default) in KEDA_BOUNDS.items()}
        group = str(target.get("apiVersion", "")).rpartition("/")[0]
        scalers[ObjectId(group, target.get("kind", ""), identity.namespace, target.get("name", ""))] = (identity, spec)
    return scalers


def least_replicas(workload: Workload, scalers: Scalers) -> int:
    """Return the lowest number of pods that a Deployment or StatefulSet runs."""
    if workload.id in scalers:
        return int(scalers[workload.id][1].get("minReplicas", 1))
    return int(workload.spec.get("replicas", 1))


def most_pods(workload: Workload, scalers: Scalers, nodes: int) -> int:
    """Return the highest number of pods that run at once: one for each node, those of one Job, or the replicas."""
    if workload.id in scalers:
        return int(scalers[workload.id][1].get("maxReplicas", 1))
    if workload.replicas is not None:
        return max(0, workload.replicas)
    match workload.kind:
        case "DaemonSet":
            return nodes
        case "Job" | "CronJob":
            return int(workload.job.get("parallelism", 1))
        case "Pod":
            return 1
        case "launched pods":
            return 0  # their queue limits the number
        case _:
            return max(0, int(workload.spec.get("replicas", 1)))


def extra_pods(workload: Workload, pods: int) -> int:
    """Return how many extra pods a rollout of the workload needs: one, if no pod may be unavailable."""
    strategy = workload.spec.get("strategy", {})
    if workload.kind != "Deployment" or not pods or strategy.get("type") == "Recreate":
        return 0
    unavailable = str(strategy.get("rollingUpdate", {}).get("maxUnavailable", "25%"))
    share = unavailable.removesuffix("%")
    missing = int(share) * pods // 100 if share != unavailable else int(unavailable)
    return 0 if missing else 1
