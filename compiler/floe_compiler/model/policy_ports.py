"""The ports of NetworkPolicies' rules, with names and ranges resolved."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

import msgspec

from floe_compiler.model.dns import DNS_PORT

Port = tuple[str, int]
"""A protocol and a port number; the number ANY_PORT means all ports."""

NamedPorts = Mapping[str, Mapping[str, Mapping[int, int]]]
"""By protocol, name and number of a port: the pods (as bits) whose containers give that number this name."""

ANY_PORT = 0
_PROTOCOLS = ("TCP", "UDP", "SCTP")
_DNS_NAMES = frozenset({"dns", "dns-tcp"})


class PolicyPorts(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The ports of one rule: numbers, names (which may mean a different number for each pod), and ranges."""

    numbers: tuple[Port, ...] = ()
    names: tuple[tuple[str, str], ...] = ()
    ranges: tuple[tuple[str, int, int], ...] = ()

    @classmethod
    def of(cls, ports: Iterable[Mapping[str, Any]], dns: Iterable[int] = (DNS_PORT,)) -> PolicyPorts:
        """Return the ports of a NetworkPolicy's rule; a rule without ports means all.

        A port name of the cluster's DNS is also added as the numbers `dns`, as the pods of the DNS are not rendered.
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
                numbers += [(protocol, dns_port) for dns_port in dns if number in _DNS_NAMES]
            else:
                numbers.append((protocol, number))
        return cls(tuple(numbers), tuple(names), tuple(ranges))

    def plain(self, known: Collection[int]) -> Iterator[Port]:
        """Yield the ports by number; of a range, only those that a container or connection uses."""
        yield from self.numbers
        for protocol, first, last in self.ranges:
            yield from ((protocol, number) for number in sorted(known) if first <= number <= last)

    def received(self, receivers: int, known: Collection[int], named: NamedPorts) -> Iterator[tuple[Port, int]]:
        """Yield the ports, each with the receivers (as bits) that it applies to.

        Args:
            receivers: The pods that the rule allows to be reached.
            known: The numbers that a container or connection uses.
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
