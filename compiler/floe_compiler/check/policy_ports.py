"""The ports of NetworkPolicies' rules, with names and ranges resolved."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from floe_compiler.check.index import Index

Port = tuple[str, int]
"""A protocol and a port number; the number ANY_PORT stands for all of them."""

ANY_PORT = 0
DNS_PORT = 53
_PROTOCOLS = ("TCP", "UDP", "SCTP")
_DNS_NAMES = frozenset({"dns", "dns-tcp"})


class PortReader:
    """Resolves names, which may mean another number for each pod, and ranges."""

    def __init__(self, index: Index) -> None:
        numbers = {connection.port for connection in index.rendered.connections}
        self._named: dict[tuple[str, str], dict[int, int]] = defaultdict(lambda: defaultdict(int))
        for position, pods in enumerate(index.pods.all):
            for container in pods.workload.containers if pods.workload else ():
                for port in container.ports:
                    number = port.get("containerPort", ANY_PORT)
                    numbers.add(number)
                    self._named[port.get("protocol", "TCP"), port.get("name", "")][number] |= 1 << position
        self._numbers = sorted(numbers - {ANY_PORT})

    def plain(self, ports: Iterable[Mapping[str, Any]]) -> tuple[Port, ...]:
        """Return the ports by number; none means all. Of a name only that of the cluster's DNS has a number here."""
        return tuple(self._plain(ports)) if ports else tuple((protocol, ANY_PORT) for protocol in _PROTOCOLS)

    def received(self, ports: Iterable[Mapping[str, Any]], receivers: int) -> tuple[tuple[Port, int], ...]:
        """Return the ports with those of the receivers (as bits) that a rule means by each."""
        found = [(port, receivers) for port in self.plain(ports)] if receivers else []
        for port in ports:
            if isinstance(port.get("port"), str):
                protocol = port.get("protocol", "TCP")
                for number, having in self._named.get((protocol, port["port"]), {}).items():
                    found.append(((protocol, number), having & receivers))
        return tuple((port, pods) for port, pods in found if pods)

    def _plain(self, ports: Iterable[Mapping[str, Any]]) -> Iterator[Port]:
        for port in ports:
            protocol, number = port.get("protocol", "TCP"), port.get("port", ANY_PORT)
            if "endPort" in port:
                # Of a range only what some container or connection uses can matter.
                yield from ((protocol, one) for one in self._numbers if number <= one <= port["endPort"])
            elif number in _DNS_NAMES:
                yield protocol, DNS_PORT
            elif not isinstance(number, str):
                yield protocol, number


def show_port(port: Port) -> str:
    """Return a port as people write it: `TCP 5432`."""
    return f"all {port[0]} ports" if port[1] == ANY_PORT else f"{port[0]} {port[1]}"


def show_ports(ports: Collection[Port]) -> str:
    """Return ports as people write them: `all ports`, `TCP 443, UDP 443`."""
    if set(ports) >= {(protocol, ANY_PORT) for protocol in _PROTOCOLS}:
        return "all ports"
    return ", ".join(show_port(port) for port in sorted(ports))
