"""How other clusters of an environment reach servers: names, hosts, and what a cluster opens to the others."""

from __future__ import annotations

import msgspec

from floe_compiler.model.endpoint import Elsewhere, Port
from floe_compiler.model.span import Span

GATEWAY = "clusters"
"""The name of the Gateway for other clusters."""


class LinkedServers(msgspec.Struct, frozen=True):
    """What a cluster opens to the others of its environment: `called` are the ports that they call, sorted.

    `domain` is that of their hosts, `gateway_class` and `annotations` those of the Gateway, `issuer` the ClusterIssuer
    of its certificate. `origin` is the location of the cluster in the inputs.
    """

    called: tuple[Elsewhere, ...]
    domain: str
    gateway_class: str
    issuer: str
    annotations: tuple[tuple[str, str], ...] = ()
    origin: Span | None = None


def linked_name(server: str, port: Port) -> str:
    """Return the name of a server's port for other clusters, which is the first part of its host."""
    return f"{server}-{port.name}"


def linked_host(server: str, port: Port, domain: str) -> str:
    """Return the host of a server's port for other clusters."""
    return f"{linked_name(server, port)}.{domain}"


def passes_gateway(port: Port) -> bool:
    """Return whether a Gateway for HTTPS passes on what is sent to a port."""
    return port.protocol == "TCP" and port.scheme in ("http", "https")
