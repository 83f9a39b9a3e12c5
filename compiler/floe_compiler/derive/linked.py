"""What a cluster opens to other clusters of its environment: just the ports that they call."""

from __future__ import annotations

from floe_compiler.model.endpoint import Elsewhere, Endpoint
from floe_compiler.model.ingress import HTTPS, Certificate, Gateway, Listener, Route, UnitIngress
from floe_compiler.model.links import GATEWAY, Linked, LinkedServers, LinkingGateway, linked_host, linked_name
from floe_compiler.model.mesh_facts import OpenInterface
from floe_compiler.model.operations import InterfaceProtocol
from floe_compiler.model.span import Span

SECRET = f"{GATEWAY}-tls"
"""The Secret with the certificate for all hosts."""


def linked(servers: LinkedServers) -> dict[str, Linked]:
    """Return what each namespace opens so that other clusters reach its servers, by namespace."""
    called: dict[str, list[Elsewhere]] = {}
    for one in servers.called:
        called.setdefault(one.group.namespace, []).append(one)
    return {namespace: _of_namespace(namespace, own, servers) for namespace, own in called.items()}


def _of_namespace(namespace: str, called: list[Elsewhere], servers: LinkedServers) -> Linked:
    ports: dict[str, list[int]] = {}
    for one in called:
        ports.setdefault(one.group.name, []).append(one.port.number)
    opened = tuple((server, tuple(sorted(numbers))) for server, numbers in sorted(ports.items()))
    gateway = _routes(namespace, called, servers.gateway, servers.origin) if servers.gateway else None
    return Linked(opened, gateway, servers.callers, servers.origin)


def _routes(namespace: str, called: list[Elsewhere], gateway: LinkingGateway, origin: Span | None) -> UnitIngress:
    """Return a Gateway with a listener for all hosts, and a route to each port."""
    routes = tuple(
        Route(linked_host(one.group.name, one.port, gateway.domain), _interface(one), login=False, listener=HTTPS)
        for one in called
    )
    host = f"*.{gateway.domain}"
    listener = Listener(HTTPS, host, (namespace,), SECRET)
    return UnitIngress(
        "gateway",
        routes,
        Gateway(gateway.gateway_class, (listener,), gateway.annotations, name=GATEWAY),
        ("", GATEWAY),
        certificates=(Certificate(SECRET, (host,), gateway.issuer),),
        secure=True,
        origin=origin,
    )


def _interface(one: Elsewhere) -> OpenInterface:
    """Return a port that other clusters call as an interface. Its route has another name than those for users."""
    name = f"{GATEWAY}-{linked_name(one.group.name, one.port)}"
    endpoint = Endpoint(one.host, (one.port,), one.group)
    protocol: InterfaceProtocol = "grpc" if one.port.grpc else "http"
    return OpenInterface(one.group.namespace, name, endpoint, protocol, authenticates=True)
