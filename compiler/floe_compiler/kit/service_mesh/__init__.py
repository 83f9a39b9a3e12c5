"""A service mesh inside the cluster: what namespaces, pods, Services and policies need to join it.

Which mesh it is matters only here and in `model/service_mesh.py`. Without one, each function returns nothing, or what
it was given.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from floe_compiler.kit import labels
from floe_compiler.kit.meta import manifest
from floe_compiler.kit.service_mesh import istio, linkerd
from floe_compiler.kit.service_mesh.server import MeshServer
from floe_compiler.model.annotations import EXTERNAL_REFERENCES
from floe_compiler.model.endpoint import Port
from floe_compiler.model.label_index import NAMESPACE_NAME
from floe_compiler.model.objects import Object
from floe_compiler.model.operated_pods import Resources
from floe_compiler.model.plan import Instance
from floe_compiler.model.quantities import parse_quantity
from floe_compiler.model.service_mesh import AMBIENT_PROBES
from floe_compiler.model.settings import Settings


def namespace_labels(settings: Settings) -> Mapping[str, str]:
    """Return the labels of a Namespace that Istio takes into its mesh."""
    mesh = settings.cluster.mesh
    if mesh is None or mesh.kind == "linkerd":
        return {}
    if mesh.kind == "ambient":
        return {"istio.io/dataplane-mode": "ambient"}
    return {"istio.io/rev": mesh.revision} if mesh.revision else {"istio-injection": "enabled"}


def namespace_annotations(settings: Settings) -> Mapping[str, str]:
    """Return the annotations of a Namespace that Linkerd takes into its mesh; ports without a Server are shut."""
    mesh = settings.cluster.mesh
    if mesh is None or mesh.kind != "linkerd":
        return {}
    return {"linkerd.io/inject": "enabled", "config.linkerd.io/default-inbound-policy": "deny"}


def pod_annotations(settings: Settings) -> Mapping[str, str]:
    """Return the annotations of a pod: the resources of its proxy, which is a sidecar that ends with the pod.

    Only such a sidecar lets Jobs end, and works while init containers wait for servers.
    """
    mesh = settings.cluster.mesh
    if mesh is None or not mesh.in_pods:
        return {}
    return {mesh.sidecar_annotation: "true", **mesh.amounts()}


def service_port(settings: Settings, port: Port, *, headless: bool = False) -> Mapping[str, str]:
    """Return what the port of a Service says to the mesh, if it must not look for HTTP there.

    Pods behind a headless Service are called by their addresses. As HTTP, the host of such a request would mean
    nothing to Istio, which would send it as plain text.
    """
    mesh = settings.cluster.mesh
    if mesh is None or mesh.kind == "ambient" or port.protocol != "TCP":
        return {}
    if mesh.kind == "linkerd":
        return {"appProtocol": linkerd.OPAQUE_SERVICE} if linkerd.is_opaque(port) else {}
    return {"appProtocol": "tcp"} if headless or linkerd.is_opaque(port) else {}


def with_proxy(
    settings: Settings, bound: Literal["requests", "limits"], declared: Resources
) -> tuple[tuple[str, str], ...]:
    """Return the requests or limits of a pod with one container, and with its proxy if it has one."""
    limits = (declared.cpu_limit, declared.memory_limit)
    cpu, memory = limits if bound == "limits" else (declared.cpu, declared.memory)
    mesh = settings.cluster.mesh
    proxy = dict(mesh.proxy) if mesh and mesh.in_pods else {}
    return tuple(
        (name, str(parse_quantity(own) + parse_quantity(more)) if (more := proxy.get(f"{bound}.{name}")) else own)
        for name, own in (("cpu", cpu), ("memory", memory))
    )


def finds_by_address(settings: Settings) -> bool:
    """Return whether the mesh knows the ports of a pod only from Services, so that headless ones must have all."""
    mesh = settings.cluster.mesh
    return mesh is not None and mesh.kind == "sidecar"


def namespace_objects(settings: Settings) -> list[Object]:
    """Return what a namespace has once: mTLS only, nobody let in by default, and the way to the control plane."""
    mesh = settings.cluster.mesh
    if mesh is None:
        return []
    common = labels.common_labels(settings, "service-mesh")
    policy = _network_policy(settings, common)
    return [*policy, *(istio.namespace_objects(common) if mesh.kind != "linkerd" else ())]


def server_objects(instance: Instance[Any], server: MeshServer) -> list[Object]:
    """Return who may call a server, and where it takes plain text, too."""
    mesh = instance.settings.cluster.mesh
    if mesh is None or not server.ports:
        return []
    metadata = labels.selector(instance, server.name)
    return (
        linkerd.server_objects(mesh, server, metadata)
        if mesh.kind == "linkerd"
        else istio.server_objects(mesh, server, metadata)
    )


def with_mesh_port(settings: Settings, ports: Iterable[Port], namespace: str = "") -> tuple[Port, ...]:
    """Return the ports of a connection in the mesh, with the one of the mesh if there is any.

    Its proxies reach each other at a port of their own. They keep the other ports, too: that is where a pod is reached
    that has no proxy yet. `namespace` is that of others at one end; outside the mesh, nothing is added.
    """
    own, mesh = tuple(ports), settings.cluster.mesh
    if mesh is None or not mesh.port or not any(port.protocol == "TCP" for port in own):
        return own
    return own if namespace and namespace not in mesh.members else (*own, Port("mesh", mesh.port))


def _network_policy(settings: Settings, common: labels.Labels) -> list[Object]:
    """Return the policy of what all pods need: their proxies call the control plane, or the kubelet probes them."""
    mesh = settings.cluster.mesh
    if mesh is None:
        return []
    if mesh.kind == "ambient":
        probes = {"from": [{"ipBlock": {"cidr": AMBIENT_PROBES}}]}
        spec: Object = {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [probes]}
        return [manifest("networking.k8s.io/v1", "NetworkPolicy", "allow-mesh", common, spec=spec)]
    rule = {
        "to": [{"namespaceSelector": {"matchLabels": {NAMESPACE_NAME: mesh.namespace}}}],
        "ports": [{"protocol": "TCP", "port": port} for port in mesh.control_ports],
    }
    spec = {"podSelector": {}, "policyTypes": ["Egress"], "egress": [rule]}
    notes = {EXTERNAL_REFERENCES: f"Namespace/{mesh.namespace}"}
    return [manifest("networking.k8s.io/v1", "NetworkPolicy", "allow-mesh", common, notes, spec=spec)]
