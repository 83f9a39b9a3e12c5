"""How other clusters of an environment reach servers: names, hosts, and what a cluster opens to the others."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from floe_compiler.model.endpoint import Elsewhere, Port
from floe_compiler.model.ingress import UnitIngress
from floe_compiler.model.rendered import PodGroup
from floe_compiler.model.span import Span

GATEWAY = "clusters"
"""The name of the Gateway for other clusters."""


class LinkingGateway(msgspec.Struct, frozen=True):
    """The Gateway of a cluster for the others: the domain of hosts, its class, and the issuer of its certificate."""

    domain: str
    gateway_class: str
    issuer: str
    annotations: tuple[tuple[str, str], ...] = ()


class LinkedServers(msgspec.Struct, frozen=True):
    """What a cluster opens to the others of its environment: `called` are the ports that they call, sorted.

    It is opened by a `gateway`, or else by exports of the Services, to pods at the addresses `callers`. `origin` is the
    location of the cluster in the inputs.
    """

    called: tuple[Elsewhere, ...]
    gateway: LinkingGateway | None = None
    callers: tuple[str, ...] = ()
    origin: Span | None = None


class Linking(msgspec.Struct, frozen=True):
    """How other clusters reach a cluster: through its `gateway`, or else by exports of its Services."""

    gateway: LinkingGateway | None = None
    origin: Span | None = None

    def servers(self, called: Iterable[Elsewhere], callers: Iterable[str]) -> LinkedServers | None:
        """Return what the cluster opens, given the called ports and the addresses of callers; None if nothing."""
        ports = tuple(sorted(set(called)))
        addresses = () if self.gateway else tuple(sorted(set(callers)))
        return LinkedServers(ports, self.gateway, addresses, self.origin) if ports else None


class Linked(msgspec.Struct, frozen=True, array_like=True):
    """What a namespace opens to other clusters: ports, by server; through a Gateway, or by exports of the Services.

    Without a Gateway, the pods of callers have the addresses `callers`.
    """

    ports: tuple[tuple[str, tuple[int, ...]], ...]
    gateway: UnitIngress | None = None
    callers: tuple[str, ...] = ()
    origin: Span | None = None

    def opened(self) -> dict[str, frozenset[int]]:
        """Return the ports that other clusters reach, by workload."""
        return {server: frozenset(numbers) for server, numbers in self.ports}


def linked_name(server: str, port: Port) -> str:
    """Return the name of a server's port for other clusters, which is the first part of its host."""
    return f"{server}-{port.name}"


def linked_host(server: str, port: Port, domain: str) -> str:
    """Return the host of a server's port for other clusters."""
    return f"{linked_name(server, port)}.{domain}"


def exported_host(group: PodGroup, domain: str) -> str:
    """Return the host of an exported Service for other clusters."""
    return f"{group.name}.{group.namespace}.svc.{domain}"


def passes_gateway(port: Port) -> bool:
    """Return whether a Gateway for HTTPS passes on what is sent to a port."""
    return port.protocol == "TCP" and port.scheme in ("http", "https")
