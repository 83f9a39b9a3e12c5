"""What a mesh is told of a server: its ports, and who calls each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from floe_compiler.model.endpoint import Port
from floe_compiler.model.plan import MeshCallers

EVERYBODY = "*"
"""A caller without an identity."""


class MeshServer(msgspec.Struct, frozen=True):
    """The pods of a server, and who calls which of its ports.

    `accounts` are callers in the mesh (`<namespace>/<account>`), and `namespaces` those of others that are in it, by
    port. `plain` are ports with callers outside the mesh, and `probed` those that the kubelet probes over gRPC.
    """

    name: str
    selector: Mapping[str, str]
    ports: tuple[Port, ...]
    accounts: MeshCallers
    namespaces: Mapping[int, tuple[str, ...]]
    plain: frozenset[int] = frozenset()
    probed: frozenset[int] = frozenset()


def ways_in(
    openings: Iterable[tuple[str, tuple[Port, ...], bool]], members: tuple[str, ...]
) -> tuple[Mapping[int, tuple[str, ...]], frozenset[int]]:
    """Return the namespaces of others that may call each port, and the ports with callers outside the mesh.

    Args:
        openings: Who is let in: a namespace (empty: none), the ports, and whether addresses are, too.
        members: The namespaces of others that are in the mesh.
    """
    inside: dict[int, set[str]] = {}
    outside: set[int] = set()
    for namespace, ports, addresses in openings:
        numbers = [port.number for port in ports if port.protocol == "TCP"]
        if addresses or (namespace and namespace not in members):
            outside.update(numbers)
        if namespace in members:
            for number in numbers:
                inside.setdefault(number, set()).add(namespace)
    return {number: tuple(sorted(names)) for number, names in sorted(inside.items())}, frozenset(outside)


def tcp_ports(ports: Iterable[Port]) -> Iterator[Port]:
    """Yield the ports that a mesh carries, sorted: those of TCP."""
    yield from sorted((port for port in ports if port.protocol == "TCP"), key=lambda port: port.number)
