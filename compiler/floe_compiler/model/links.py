"""How other clusters of an environment reach servers: names, hosts, and what a cluster opens to the others."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

from floe_compiler.model.endpoint import Elsewhere, Port
from floe_compiler.model.ingress import UnitIngress
from floe_compiler.model.rendered import PodGroup
from floe_compiler.model.span import Span

GATEWAY = "clusters"
"""The name of the Gateway for other clusters."""

EXPORTED = "mirror.linkerd.io/exported"
"""The label of a Service that Linkerd mirrors in other clusters, where its gateway passes calls on."""


class ClientCheck(msgspec.Struct, frozen=True):
    """At which port a Gateway asks for certificates, and the ConfigMap with the authority that they must be by."""

    port: int
    authority: str


class LinkingGateway(msgspec.Struct, frozen=True):
    """The Gateway of a cluster for the others: the domain of hosts, its class, and the issuer of its certificate.

    `clients` says where it asks callers for certificates; None: nowhere.
    """

    domain: str
    gateway_class: str
    issuer: str
    annotations: tuple[tuple[str, str], ...] = ()
    clients: ClientCheck | None = None


class MeshGateway(msgspec.Struct, frozen=True):
    """The gateway of a cluster's service mesh for the others: of which mesh it is, and its namespace."""

    kind: Literal["istio", "linkerd"]
    namespace: str

    @property
    def keeps_identities(self) -> bool:
        """Return whether servers see who calls them: Istio's gateway passes TLS through, Linkerd's ends it."""
        return self.kind == "istio"


class MeshAccount(msgspec.Struct, frozen=True, order=True):
    """In a service mesh of several clusters: an account (`<namespace>/<name>`) of another one that calls a port."""

    namespace: str
    server: str
    port: int
    account: str


class LinkedServers(msgspec.Struct, frozen=True):
    """What a cluster opens to the others of its environment: `called` are the ports that they call, sorted.

    It is opened by a `gateway`, by that of a `mesh`, or else by exports of the Services, to pods at the addresses
    `callers`. `accounts` call it in the mesh. `calls` are what the cluster calls in others. `origin` is the location of
    the cluster in the inputs.
    """

    called: tuple[Elsewhere, ...]
    gateway: LinkingGateway | None = None
    callers: tuple[str, ...] = ()
    origin: Span | None = None
    mesh: MeshGateway | None = None
    accounts: tuple[MeshAccount, ...] = ()
    calls: tuple[Elsewhere, ...] = ()


class Linking(msgspec.Struct, frozen=True):
    """How other clusters reach a cluster: through its `gateway`, that of its `mesh`, or by exports of its Services."""

    gateway: LinkingGateway | None = None
    origin: Span | None = None
    mesh: MeshGateway | None = None

    def servers(
        self,
        called: Iterable[Elsewhere],
        callers: Iterable[str],
        accounts: Iterable[MeshAccount] = (),
        calls: Iterable[Elsewhere] = (),
    ) -> LinkedServers | None:
        """Return what the cluster opens and calls; None if nothing.

        Args:
            called: The ports that others call.
            callers: The addresses of those.
            accounts: Their accounts in the service mesh.
            calls: What the cluster calls in others.
        """
        ports = tuple(sorted(set(called)))
        addresses = () if self.gateway or self.mesh else tuple(sorted(set(callers)))
        known = tuple(sorted(set(accounts))) if self.mesh and self.mesh.keeps_identities else ()
        named = tuple(sorted(set(calls))) if self.mesh and self.mesh.kind == "istio" else ()
        servers = LinkedServers(ports, self.gateway, addresses, self.origin, self.mesh, known, named)
        return servers if ports or named else None


class Linked(msgspec.Struct, frozen=True, array_like=True):
    """What a namespace opens to other clusters: ports, by server.

    That is through a `gateway`, or that of a `mesh`; without one, by exports of the Services to pods that have the
    addresses `callers`. `named` are servers of the namespace in other clusters whose names this one must know.
    """

    ports: tuple[tuple[str, tuple[int, ...]], ...]
    gateway: UnitIngress | None = None
    callers: tuple[str, ...] = ()
    origin: Span | None = None
    mesh: MeshGateway | None = None
    named: tuple[Elsewhere, ...] = ()

    def opened(self) -> dict[str, frozenset[int]]:
        """Return the ports that other clusters reach, by workload."""
        return {server: frozenset(numbers) for server, numbers in self.ports}


NOT_LINKED = Linked(())


def linked_name(server: str, port: Port) -> str:
    """Return the name of a server's port for other clusters, which is the first part of its host."""
    return f"{server}-{port.name}"


def linked_route(server: str, port: Port) -> str:
    """Return the name of the route to a server's port from other clusters. Those for users have other names."""
    return f"{GATEWAY}-{linked_name(server, port)}"


def linked_host(server: str, port: Port, domain: str) -> str:
    """Return the host of a server's port for other clusters."""
    return f"{linked_name(server, port)}.{domain}"


def exported_host(group: PodGroup, domain: str) -> str:
    """Return the host of an exported Service for other clusters."""
    return f"{group.name}.{group.namespace}.svc.{domain}"


def name_elsewhere(service: str, cluster: str) -> str:
    """Return the name by which the other clusters of a service mesh know a Service: the one that Linkerd gives it."""
    return f"{service}-{cluster}"


def passes_gateway(port: Port) -> bool:
    """Return whether a Gateway for HTTPS passes on what is sent to a port."""
    return port.protocol == "TCP" and port.scheme in ("http", "https")
