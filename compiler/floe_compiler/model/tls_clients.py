"""Clients of servers with TLS that are not told the authority which signed their certificates.

Every container of this platform has the authorities as PEM and, if the environment says where, as a PKCS #12 file
(`kit.trust`). Pods that an operator starts have neither.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from floe_compiler.model.endpoint import Endpoint
from floe_compiler.model.facts import Parts, containers_of, named_pods
from floe_compiler.model.settings import Settings

POSTGRESQL = "postgresql"
"""The scheme of PostgreSQL, whose drivers read PEM in every language."""


class UntoldClient(msgspec.Struct, frozen=True, order=True, array_like=True):
    """Pods, by the name in their label, the host of a server with TLS, and whether they would read a PKCS #12 file."""

    pods: str
    server: str
    truststore: bool


def untold_clients(parts: Iterable[Parts], settings: Settings) -> tuple[UntoldClient, ...]:
    """Return the clients in these parts of a namespace that cannot verify a server; sorted."""
    has_truststore = settings.trust is not None and bool(settings.trust.truststore)
    return tuple(sorted({client for declared in parts for client in _untold(declared, has_truststore=has_truststore)}))


def _untold(parts: Parts, *, has_truststore: bool) -> Iterator[UntoldClient]:
    for pods in parts.operated:
        if not pods.told_authorities:
            yield from (UntoldClient(pods.name, host, truststore=False) for host in _secured(pods.calls))
    for name, pod in named_pods(parts):
        if not has_truststore and any(container.truststore for container in containers_of(pod)):
            servers = [server for server in pod.servers() if server.port().scheme != POSTGRESQL]
            yield from (UntoldClient(name, host, truststore=True) for host in _secured(servers))


def _secured(servers: Iterable[Endpoint]) -> Iterator[str]:
    return (server.host for server in servers if any(port.tls for port in server.ports))
