"""What a cluster opens to other clusters of its environment: a Gateway, and a route to each port that they call."""

from __future__ import annotations

from floe_compiler.model.endpoint import Elsewhere, Endpoint
from floe_compiler.model.ingress import HTTPS, Certificate, Gateway, Listener, Route, UnitIngress
from floe_compiler.model.links import GATEWAY, LinkedServers, linked_host, linked_name
from floe_compiler.model.mesh_facts import OpenInterface
from floe_compiler.model.operations import InterfaceProtocol

SECRET = f"{GATEWAY}-tls"
"""The Secret with the certificate for all hosts."""


def linked_routes(servers: LinkedServers) -> dict[str, UnitIngress]:
    """Return what each namespace renders so that other clusters reach its servers, by namespace."""
    called: dict[str, list[Elsewhere]] = {}
    for one in servers.called:
        called.setdefault(one.group.namespace, []).append(one)
    return {namespace: _of_namespace(namespace, own, servers) for namespace, own in called.items()}


def _of_namespace(namespace: str, called: list[Elsewhere], servers: LinkedServers) -> UnitIngress:
    routes = tuple(
        Route(linked_host(one.group.name, one.port, servers.domain), _interface(one), login=False, listener=HTTPS)
        for one in called
    )
    host = f"*.{servers.domain}"
    listener = Listener(HTTPS, host, (namespace,), SECRET)
    return UnitIngress(
        "gateway",
        routes,
        Gateway(servers.gateway_class, (listener,), servers.annotations, name=GATEWAY),
        ("", GATEWAY),
        certificates=(Certificate(SECRET, (host,), servers.issuer),),
        secure=True,
        origin=servers.origin,
    )


def _interface(one: Elsewhere) -> OpenInterface:
    """Return a port that other clusters call as an interface. Its route has another name than those for users."""
    name = f"{GATEWAY}-{linked_name(one.group.name, one.port)}"
    endpoint = Endpoint(one.host, (one.port,), one.group)
    protocol: InterfaceProtocol = "grpc" if one.port.grpc else "http"
    return OpenInterface(one.group.namespace, name, endpoint, protocol, authenticates=True)
