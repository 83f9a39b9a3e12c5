"""Pods must be able to join the service mesh of their cluster, as its servers take calls from pods in it only."""

from __future__ import annotations

from collections.abc import Iterator

from floe_compiler.check.index import Index
from floe_compiler.model.diagnostics import Diagnostic, Rule
from floe_compiler.model.service_mesh import ServiceMesh
from floe_compiler.model.workloads import Workload

UNFIT = Rule(
    "C230",
    "pod that the service mesh cannot carry",
    "A pod in the network of its node has no proxy, and what runs as the user of the proxy goes past it. Servers of "
    "the mesh would refuse its calls, and nobody would be asked for an identity at its ports.",
)
OUTSIDE = Rule(
    "C231",
    "pod outside of the service mesh",
    "The namespace is in the mesh, but the pod says that it is not: servers of the mesh refuse its calls, as it has no "
    "identity. Remove the label or annotation, or accept that.",
    severity="warning",
)
ENDLESS = Rule(
    "C232",
    "task whose proxy may not end",
    "The pod of a Job ends when all of its containers have, and the proxy of a service mesh only does so as a sidecar "
    "of Kubernetes. Unless the whole mesh is set up this way, the Job never ends. Compiled Jobs have the annotation.",
    severity="warning",
)
RULES = (UNFIT, OUTSIDE, ENDLESS)

_LEFT = (
    ("label", "sidecar.istio.io/inject", "false"),
    ("annotation", "sidecar.istio.io/inject", "false"),
    ("label", "istio.io/dataplane-mode", "none"),
    ("annotation", "linkerd.io/inject", "disabled"),
)
"""What takes a pod out of a mesh."""


def check(index: Index) -> Iterator[Diagnostic]:
    """Yield the pods of a unit that cannot be in its service mesh, that are not, and that would not end in it."""
    mesh = index.rendered.mesh
    if mesh is None:
        return
    for workload in index.workloads.values():
        if left := _left(workload, mesh):
            yield index.finding(OUTSIDE, workload.id, f"its pods have the {left}", "remove it")
            continue
        for message, hint in _unfit(workload, mesh):
            yield index.finding(UNFIT, workload.id, message, hint)
        key = mesh.sidecar_annotation
        if workload.is_task and key and workload.annotations.get(key) != "true":
            message = f"its pods do not have the annotation {key}"
            yield index.finding(ENDLESS, workload.id, message, f'add it to the pod template: {key}: "true"')


def _left(workload: Workload, mesh: ServiceMesh) -> str:
    """Return the label or annotation that takes the pods out of the mesh; empty if there is none."""
    own = "linkerd.io" if mesh.kind == "linkerd" else "istio.io"
    for kind, key, value in _LEFT:
        values = workload.labels if kind == "label" else workload.annotations
        if own in key and values.get(key) == value:
            return f"{kind} {key}: {value}"
    return ""


def _unfit(workload: Workload, mesh: ServiceMesh) -> Iterator[tuple[str, str]]:
    if workload.pod.get("hostNetwork"):
        yield f"{workload.at('spec')}.hostNetwork is true, so that no proxy carries its calls", "remove it"
    if mesh.user is None:
        return
    pod = workload.pod.get("securityContext") or {}
    for container in workload.containers:
        context = {**pod, **(container.data.get("securityContext") or {})}
        if context.get("runAsUser") == mesh.user:
            message = f"{container.place} runs as user {mesh.user}, which is that of the proxy"
            yield message, "let it run as another user"
