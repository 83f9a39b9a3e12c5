"""Pods that an operator starts: the Service and the policy that select them, and the labels that they need."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from floe_compiler.kit import labels, network
from floe_compiler.kit.meta import manifest
from floe_compiler.model.facts import OperatedPods
from floe_compiler.model.objects import Object
from floe_compiler.model.plan import Callers, Instance
from floe_compiler.model.rendered import LaunchedPods, PodGroup

FOREIGN_NAMESPACES = "floe.dev/external-references"
"""The annotation for references to objects that are not rendered."""


def pod_labels(declared: OperatedPods) -> labels.Labels:
    """Return the labels that the pods must have: those of the operator, and those that let them call others."""
    return labels.access_labels(declared.calls) | dict(declared.labels)


def operated_objects(instance: Instance[Any], declared: OperatedPods, callers: Callers) -> list[Object]:
    """Return the Service and the network policy of such pods."""
    return [*_service(instance, declared), _policy(instance, declared, callers)]


def operated_group(namespace: str, declared: OperatedPods) -> LaunchedPods:
    """Return the pods as launched pods for the checks, as no rendered object has their template."""
    resources = declared.resources
    storage = (("storage", declared.storage),) if declared.storage else ()
    return LaunchedPods(
        PodGroup(namespace, declared.name),
        tuple(sorted(pod_labels(declared).items())),
        requests=(("cpu", resources.cpu), ("memory", resources.memory), *storage),
        limits=(("cpu", resources.cpu_limit), ("memory", resources.memory_limit)),
        count=declared.count,
        queue=f"pods of {declared.name}",
    )


def _service(instance: Instance[Any], declared: OperatedPods) -> list[Object]:
    # By number, as the operator sets the names of the containers' ports.
    ports = [
        {"name": port.name, "port": port.number, "targetPort": port.number, "protocol": port.protocol}
        for port in declared.ports
        if port.service
    ]
    if not ports:
        return []
    spec = {"type": "ClusterIP", "selector": dict(declared.labels), "ports": ports}
    return [manifest("v1", "Service", declared.name, labels.selector(instance, declared.name), spec=spec)]


def _policy(instance: Instance[Any], declared: OperatedPods, callers: Callers) -> Object:
    foreign: Mapping[str, str] = {FOREIGN_NAMESPACES: f"Namespace/{declared.operator}"} if declared.operator else {}
    return network.policy(
        instance,
        declared.name,
        declared.calls,
        selector=dict(declared.labels),
        served=declared.ports,
        callers=callers,
        openings=(network.Opening(declared.operator, declared.ports), *_openings(instance, declared)),
        kubernetes_api=declared.kubernetes_api,
        annotations=foreign,
    )


def _openings(instance: Instance[Any], declared: OperatedPods) -> tuple[network.Opening, ...]:
    """Return the ingress controller's way to the pods, if they have one."""
    cluster = instance.settings.cluster
    opening = network.Opening(cluster.ingress_namespace, declared.ports, cluster.ingress_addresses)
    return (opening,) if declared.opened else ()
