"""The ports of NetworkPolicies' rules, with names and ranges resolved."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

import msgspec

Port = tuple[str, int]
"""A protocol and a port number; the number ANY_PORT stands for all of them."""

NamedPorts = Mapping[str, Mapping[str, Mapping[int, int]]]
"""By protocol, name and number of a port: the pods (as bits) whose containers call that number so."""

ANY_PORT = 0
DNS_PORT = 53
_PROTOCOLS = ("TCP", "UDP", "SCTP")
_DNS_NAMES = frozenset({"dns", "dns-tcp"})


class PolicyPorts(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The ports of one rule: numbers, names (which may mean another number for each pod), and ranges."""

    numbers: tuple[Port, ...] = ()
    names: tuple[tuple[str, str], ...] = ()
    ranges: tuple[tuple[str, int, int], ...] = ()

    @classmethod
    def of(cls, ports: Iterable[Mapping[str, Any]]) -> PolicyPorts:
        """Return the ports of a NetworkPolicy's rule; a rule without any means all.

        A name of the cluster's DNS is a number as well, since the pods that have it are not rendered.
        """
        if not ports:
            return cls(tuple((protocol, ANY_PORT) for protocol in _PROTOCOLS))
        numbers, names, ranges = [], [], []
        for port in ports:
            protocol, number = port.get("protocol", "TCP"), port.get("port", ANY_PORT)
            if "endPort" in port:
                ranges.append((protocol, number, port["endPort"]))
            elif isinstance(number, str):
                names.append((protocol, number))
                numbers += [(protocol, DNS_PORT)] if number in _DNS_NAMES else []
            else:
                numbers.append((protocol, number))
        return cls(tuple(numbers), tuple(names), tuple(ranges))

    def plain(self, known: Collection[int]) -> Iterator[Port]:
        """Yield the ports by number; of a range, only those that some container or connection uses."""
        yield from self.numbers
        for protocol, first, last in self.ranges:
            yield from ((protocol, number) for number in sorted(known) if first <= number <= last)

    def received(self, receivers: int, known: Collection[int], named: NamedPorts) -> Iterator[tuple[Port, int]]:
        """Yield the ports with those of the receivers (as bits) that the rule means by each.

        Args:
            receivers: The pods that the rule lets be reached.
            known: The numbers that some container or connection uses.
            named: The named ports of the receivers' namespace.
        """
        if receivers:
            for port in self.plain(known):
                yield port, receivers
            for protocol, name in self.names:
                for number, having in named.get(protocol, {}).get(name, {}).items():
                    if having & receivers:
                        yield (protocol, number), having & receivers


def show_port(port: Port) -> str:
    """Return a port as people write it: `TCP 5432`."""
    return f"all {port[0]} ports" if port[1] == ANY_PORT else f"{port[0]} {port[1]}"


def show_ports(ports: Collection[Port]) -> str:
    """Return ports as people write them: `all ports`, `TCP 443, UDP 443`."""
    if set(ports) >= {(protocol, ANY_PORT) for protocol in _PROTOCOLS}:
        return "all ports"
    return ", ".join(show_port(port) for port in sorted(ports))
