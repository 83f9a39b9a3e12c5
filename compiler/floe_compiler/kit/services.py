"""Services, disruption budgets and autoscalers of servers."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from floe_compiler.kit import labels
from floe_compiler.kit.delivery import last
from floe_compiler.kit.meta import manifest, present
from floe_compiler.kit.service_mesh import finds_by_address, service_port
from floe_compiler.kit.workloads import headless_name
from floe_compiler.model.endpoint import Port
from floe_compiler.model.facts import Workload
from floe_compiler.model.links import EXPORTED, NOT_LINKED, Linked, name_elsewhere
from floe_compiler.model.objects import Object
from floe_compiler.model.operations import Scaling
from floe_compiler.model.plan import Instance

SCALE_UP_WINDOW = 120
"""How long, in seconds, pods must be busy before there is another one."""

SCALE_UP_PERIOD = 60
"""At most one pod is added in so many seconds."""


def served_ports(declared: Workload) -> tuple[Port, ...]:
    """Return the ports that a workload's Service offers."""
    return tuple(port for port in declared.ports() if port.service)


def services(
    instance: Instance[Any], declared: Workload, linked: Linked = NOT_LINKED, *, found_by_name: bool = False
) -> list[Object]:
    """Return the Service of a workload, and the headless one of a StatefulSet or of pods to be `found_by_name`.

    What a service mesh opens to other clusters (`linked`) has a name for these: Linkerd gives it to a mirror of the
    Service, and for Istio it is another Service.
    """
    ports, mesh = served_ports(declared), linked.mesh if declared.name in linked.opened() else None
    mirrored = {EXPORTED: "true"} if mesh and mesh.kind == "linkerd" else {}
    objects = [_service(instance, declared, declared.name, ports, more=mirrored)] if ports else []
    if mesh and mesh.kind == "istio":
        opened = tuple(port for port in ports if port.number in linked.opened()[declared.name])
        name = name_elsewhere(declared.name, instance.settings.cluster.name_elsewhere)
        # Its own label keeps monitors from finding the same pods behind two Services.
        objects.append(_service(instance, declared, name, opened, more={labels.COMPONENT: name}))
    if declared.kind == "StatefulSet" or found_by_name:
        # Pods must find each other before they are ready, and pods that are not ready must not go unnoticed.
        headless = {"clusterIP": "None", "publishNotReadyAddresses": True}
        headless_ports = declared.ports() if finds_by_address(instance.settings) else ports
        objects.append(_service(instance, declared, headless_name(declared.name), headless_ports, headless))
    return objects


def _service(
    instance: Instance[Any],
    declared: Workload,
    name: str,
    ports: tuple[Port, ...],
    extra: Object | None = None,
    more: Mapping[str, str] = MappingProxyType({}),
) -> Object:
    # A DaemonSet's clients use the pod on their own node, and another pod if there is none (beta since 1.34).
    nearest = declared.kind == "DaemonSet" and not extra and _knows(instance, 34)
    near = {"trafficDistribution": "PreferSameNode"} if nearest else {}
    spec = {
        "type": "ClusterIP",
        **near,
        **(extra or {}),
        "selector": labels.selector(instance, declared.name),
        "ports": [
            {
                "name": port.name,
                "port": port.number,
                "targetPort": port.name,
                "protocol": port.protocol,
                **service_port(instance.settings, port, headless=bool(extra)),
            }
            for port in ports
        ],
    }
    metadata = labels.selector(instance, declared.name)
    return manifest("v1", "Service", name, {**metadata, **more}, spec=present(**spec))


def _knows(instance: Instance[Any], minor: int) -> bool:
    """Return whether the Kubernetes version is 1.`minor` or newer."""
    return int(instance.settings.cluster.kubernetes_version.partition(".")[2]) >= minor


def disruption_budget(instance: Instance[Any], declared: Workload) -> list[Object]:
    """Return the budget of a workload with several replicas; a budget for one replica would block every node drain."""
    if declared.fewest < 2 or declared.kind == "DaemonSet":
        return []
    wanted = declared.fewest - 1 if declared.available is None else declared.available
    spec = {
        "minAvailable": min(wanted, declared.fewest - 1),
        "selector": {"matchLabels": labels.selector(instance, declared.name)},
        # A pod that is not ready must not block a drain.
        "unhealthyPodEvictionPolicy": "AlwaysAllow",
    }
    metadata = labels.selector(instance, declared.name)
    return [manifest("policy/v1", "PodDisruptionBudget", declared.name, metadata, spec=spec)]


def autoscaler(instance: Instance[Any], declared: Workload) -> list[Object]:
    """Return the HorizontalPodAutoscaler of a workload with autoscaling."""
    if not isinstance(declared.replicas, Scaling) or declared.kind == "DaemonSet":
        return []
    main, *others = declared.pod.containers
    mesh = instance.settings.cluster.mesh
    used = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": declared.replicas.cpu_percent}}
    spec = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": declared.kind, "name": declared.name},
        "minReplicas": declared.replicas.minimum,
        "maxReplicas": declared.replicas.maximum,
        "metrics": [
            # Other containers of the pod, such as a proxy, say nothing about its work.
            {"type": "ContainerResource", "containerResource": {**used, "container": main.name}}
            if others or (mesh and mesh.in_pods)
            else {"type": "Resource", "resource": used}
        ],
        # Starting takes a JVM much CPU time, which must not cause more starts.
        "behavior": {
            "scaleUp": {
                "stabilizationWindowSeconds": SCALE_UP_WINDOW,
                "policies": [{"type": "Pods", "value": 1, "periodSeconds": SCALE_UP_PERIOD}],
            }
        },
    }
    metadata = labels.selector(instance, declared.name)
    # Without its target it would count as degraded, and so end the sync that is to create the target.
    order = last(instance.settings)
    return [manifest("autoscaling/v2", "HorizontalPodAutoscaler", declared.name, metadata, order, spec=spec)]
