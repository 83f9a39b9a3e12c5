"""Replicas must be spread over nodes."""

from __future__ import annotations

from collections.abc import Iterator

from floe_compiler.check.capacity.scalers import scalers_of
from floe_compiler.check.capacity.single_replicas import single_replicas
from floe_compiler.check.index import Index
from floe_compiler.model.diagnostics import Diagnostic, Rule
from floe_compiler.model.scaling import least_replicas
from floe_compiler.model.selectors import matches
from floe_compiler.model.workloads import Workload

TOGETHER = Rule(
    "C097",
    "replicas that may share a node",
    "In production, replicas must run on different nodes. Use a required pod anti-affinity on kubernetes.io/hostname "
    "or a topology spread constraint with DoNotSchedule that selects the workload's own pods.",
)
RULES = (TOGETHER,)

_NODE = "kubernetes.io/hostname"


def check(index: Index) -> Iterator[Diagnostic]:
    """Yield, in production, the workloads whose replicas may all run on the same node."""
    if not index.rendered.production:
        return
    scalers, alone = scalers_of(index), single_replicas(index)
    for workload in index.workloads.values():
        if (
            workload.id in alone
            or workload.kind not in ("Deployment", "StatefulSet")
            or least_replicas(workload, scalers) < 2
        ):
            continue
        if not _is_spread(workload) and not _is_apart(workload):
            message = f"{workload.at('spec')} has neither a required anti-affinity nor a binding spread"
            hint = "spread them: topologyKey kubernetes.io/hostname, whenUnsatisfiable DoNotSchedule, their own labels"
            yield index.finding(TOGETHER, workload.id, message, hint)


def _is_spread(workload: Workload) -> bool:
    return any(
        constraint.get("whenUnsatisfiable") == "DoNotSchedule"
        and matches(constraint.get("labelSelector", {}), workload.labels)
        for constraint in workload.pod.get("topologySpreadConstraints", ())
    )


def _is_apart(workload: Workload) -> bool:
    affinity = workload.pod.get("affinity", {}).get("podAntiAffinity", {})
    return any(
        term.get("topologyKey") == _NODE and matches(term.get("labelSelector", {}), workload.labels)
        for term in affinity.get("requiredDuringSchedulingIgnoredDuringExecution", ())
    )
