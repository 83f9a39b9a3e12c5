"""Linkerd: the ports of a server (Server), and who may call them (AuthorizationPolicy and what it refers to).

A pod's proxy refuses what no AuthorizationPolicy allows. HTTP probes of the kubelet pass, as the policy controller
knows their paths from the pod. Source: Linkerd's main branch of August 2026 (`charts/linkerd-crds/templates/policy`,
`policy-controller/k8s/index/src/inbound`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from floe_compiler.kit.labels import shortened
from floe_compiler.kit.meta import manifest
from floe_compiler.kit.service_mesh.server import MeshServer
from floe_compiler.model.endpoint import Port
from floe_compiler.model.objects import Object
from floe_compiler.model.service_mesh import ServiceMesh

GROUP = "policy.linkerd.io"
OPAQUE_SERVICE = "linkerd.io/opaque"
LOOKED_INTO = ("grpc", "http", "https", "ws")
"""The schemes of ports at which a proxy may look for HTTP."""

EVERYWHERE = ("0.0.0.0/0", "::/0")
LONGEST = 253


def is_opaque(port: Port) -> bool:
    """Return whether a mesh must not look for HTTP at a port: in some protocols, the server speaks first."""
    return port.scheme not in LOOKED_INTO


def server_objects(mesh: ServiceMesh, server: MeshServer, metadata: Mapping[str, str]) -> list[Object]:
    """Return a Server for each port that somebody calls, and who may call it."""
    return [policy for port in server.ports for policy in _port_objects(mesh, server, port, metadata)]


def _port_objects(mesh: ServiceMesh, server: MeshServer, port: Port, metadata: Mapping[str, str]) -> Iterator[Object]:
    name = shortened(f"{server.name}-{port.number}", LONGEST)
    number, authorized = port.number, []
    if number in server.plain:
        authorized.append(_networks(name, metadata, EVERYWHERE))
    else:
        if number in server.accounts or number in server.namespaces:
            authorized.append(_identities(name, metadata, server, number))
        if number in server.probed:
            authorized.append(_networks(f"{name}-probes", metadata, mesh.node_networks or EVERYWHERE))
    if not authorized:
        return
    spec = {
        "podSelector": {"matchLabels": dict(server.selector)},
        "port": number,
        "proxyProtocol": "opaque" if is_opaque(port) else "unknown",
    }
    yield manifest(f"{GROUP}/v1beta3", "Server", name, metadata, spec=spec)
    for authentication in authorized:
        yield authentication
        yield _allowed(name, authentication, metadata)


def _networks(name: str, metadata: Mapping[str, str], networks: Iterable[str]) -> Object:
    spec = {"networks": [{"cidr": cidr} for cidr in networks]}
    return manifest(f"{GROUP}/v1alpha1", "NetworkAuthentication", name, metadata, spec=spec)


def _identities(name: str, metadata: Mapping[str, str], server: MeshServer, port: int) -> Object:
    accounts = (account.split("/") for account in server.accounts.get(port, ()))
    named = [{"kind": "ServiceAccount", "namespace": namespace, "name": account} for namespace, account in accounts]
    namespaces = [{"kind": "Namespace", "name": namespace} for namespace in server.namespaces.get(port, ())]
    spec = {"identityRefs": [*named, *namespaces]}
    return manifest(f"{GROUP}/v1alpha1", "MeshTLSAuthentication", name, metadata, spec=spec)


def _allowed(server: str, authentication: Object, metadata: Mapping[str, str]) -> Object:
    name, kind = authentication["metadata"]["name"], authentication["kind"]
    spec = {
        "targetRef": {"group": GROUP, "kind": "Server", "name": server},
        "requiredAuthenticationRefs": [{"group": GROUP, "kind": kind, "name": name}],
    }
    return manifest(f"{GROUP}/v1alpha1", "AuthorizationPolicy", name, metadata, spec=spec)
