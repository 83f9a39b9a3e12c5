"""What a cluster opens to other clusters of its environment: just the ports that they call."""

from __future__ import annotations

from collections.abc import Iterable

from floe_compiler.model.endpoint import Elsewhere, Endpoint
from floe_compiler.model.ingress import HTTPS, Certificate, Gateway, Listener, Route, UnitIngress
from floe_compiler.model.links import (
    GATEWAY,
    Linked,
    LinkedServers,
    Linking,
    LinkingGateway,
    MeshAccount,
    linked_host,
    linked_route,
)
from floe_compiler.model.mesh_facts import OpenInterface
from floe_compiler.model.operations import InterfaceProtocol
from floe_compiler.model.span import Span
from floe_compiler.model.unit_facts import UnitFacts

SECRET = f"{GATEWAY}-tls"
"""The Secret with the certificate for all hosts."""

CLIENTS = "clients"
"""The listener that asks callers for certificates."""


def linked_servers(
    linking: Linking | None, cluster: str, facts: Iterable[tuple[UnitFacts, str]]
) -> LinkedServers | None:
    """Return what a cluster opens to the other clusters of its environment, and calls there; None if nothing.

    Args:
        linking: How the others reach it; None if they do not.
        cluster: Its name.
        facts: The facts of the namespaces in all clusters, each with the addresses of its cluster (empty: unknown).
    """
    if linking is None:
        return None
    units = tuple(facts)
    calls = [(call, cidr) for unit, cidr in units for call in unit.elsewhere if call.cluster == cluster]
    accounts = (
        MeshAccount(call.namespace, call.server, call.port, f"{unit.namespace}/{call.account}")
        for unit, _ in units
        for call in unit.mesh_calls
        if call.cluster == cluster
    )
    own = (call for unit, _ in units if unit.key.cluster == cluster for call in unit.elsewhere)
    return linking.servers((call for call, _ in calls), (cidr for _, cidr in calls if cidr), accounts, own)


def linked(servers: LinkedServers) -> dict[str, Linked]:
    """Return what each namespace opens so that other clusters reach its servers, by namespace."""
    called: dict[str, list[Elsewhere]] = {}
    for server in servers.called:
        called.setdefault(server.group.namespace, []).append(server)
    for server in servers.calls:
        called.setdefault(server.group.namespace, [])
    return {namespace: _of_namespace(namespace, own, servers) for namespace, own in called.items()}


def _of_namespace(namespace: str, called: list[Elsewhere], servers: LinkedServers) -> Linked:
    ports: dict[str, list[int]] = {}
    for call in called:
        ports.setdefault(call.group.name, []).append(call.port.number)
    opened = tuple((server, tuple(sorted(numbers))) for server, numbers in sorted(ports.items()))
    gateway = _routes(namespace, called, servers.gateway, servers.origin) if servers.gateway else None
    named = tuple(server for server in servers.calls if server.group.namespace == namespace)
    return Linked(opened, gateway, servers.callers, servers.origin, servers.mesh, named)


def _routes(namespace: str, called: list[Elsewhere], gateway: LinkingGateway, origin: Span | None) -> UnitIngress:
    """Return a Gateway with a listener for all hosts, and one that asks for certificates; and a route to each port."""
    clients = gateway.clients
    routes = tuple(
        Route(
            linked_host(server.group.name, server.port, gateway.domain),
            _interface(server),
            login=False,
            listener=CLIENTS if clients and server.port.mutual else HTTPS,
        )
        for server in called
    )
    host = f"*.{gateway.domain}"
    candidates = [Listener(HTTPS, host, (namespace,), SECRET)]
    if clients:
        candidates.append(Listener(CLIENTS, host, (namespace,), SECRET, clients.port, clients.authority))
    used = {route.listener for route in routes}
    listeners = tuple(listener for listener in candidates if listener.name in used)
    return UnitIngress(
        "gateway",
        routes,
        Gateway(gateway.gateway_class, listeners, gateway.annotations, name=GATEWAY),
        ("", GATEWAY),
        certificates=(Certificate(SECRET, (host,), gateway.issuer),),
        secure=True,
        origin=origin,
    )


def _interface(server: Elsewhere) -> OpenInterface:
    """Return a port that other clusters call as an interface."""
    name = linked_route(server.group.name, server.port)
    endpoint = Endpoint(server.host, (server.port,), server.group)
    protocol: InterfaceProtocol = "grpc" if server.port.grpc else "http"
    return OpenInterface(server.group.namespace, name, endpoint, protocol, authenticates=True)
