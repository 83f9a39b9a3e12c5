"""Network policies at the cluster's edge: pods reach the declared servers outside, and nothing else comes or goes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from ipaddress import ip_network
from typing import NamedTuple

from floe_compiler.check.bits import numbers_in
from floe_compiler.check.index import Index
from floe_compiler.check.peers import EVERYWHERE, Network, within
from floe_compiler.check.policies import Policies, read_policies
from floe_compiler.check.policy_ports import ANY_PORT, DNS_PORT, Port, show_ports
from floe_compiler.check.reachability import Reachability
from floe_compiler.model.diagnostics import Diagnostic, Rule
from floe_compiler.model.objects import ObjectId
from floe_compiler.model.rendered import Connection, External, PodGroup

EXIT = Rule(
    "C066",
    "way out of the cluster that nobody declared",
    "A network policy lets pods send to addresses that no declared server has. Narrow it, or declare the server.",
)
CUT = Rule(
    "C067",
    "server that a network policy cuts off",
    "Pods are declared to use a server outside, or the cluster's API server, but no policy lets them send to all its "
    "addresses and ports. (Policies see the API server on port 443 or 6443, so both are needed.)",
)
DOOR = Rule(
    "C068",
    "way into the cluster that nobody declared",
    "A network policy lets addresses from anywhere reach pods that are not open to the ingress controller. "
    "Name the pods or namespaces that may.",
)

_API_PORTS = (443, 6443)


class _Server(NamedTuple):
    network: Network
    ports: tuple[int, ...]
    protocol: str
    name: str

    @property
    def is_api(self) -> bool:
        """Tell whether it is the API server, whose addresses only the cluster knows."""
        return self.ports == _API_PORTS


def check(index: Index) -> Iterator[Diagnostic]:
    """Yield the servers outside that are cut off, and the ways out and in that nobody declared."""
    policies = read_policies(index)
    reach = Reachability(policies)
    servers: dict[int, list[_Server]] = defaultdict(list)
    for connection in sorted(index.rendered.connections, key=str):
        if not isinstance(connection.target, PodGroup):
            for source in index.pods.of_group(connection.source):
                servers[source].append(_server(connection))
    for source in range(len(index.pods.all)):
        for server in servers[source]:
            yield from _cut(index, reach, source, server)
        yield from _exits(index, reach, source, servers[source])
    yield from _doors(index, policies)


def _server(connection: Connection) -> _Server:
    if isinstance(connection.target, External):
        network = ip_network(connection.target.cidr, strict=False)
        return _Server(network, (connection.port,), connection.protocol, connection.target.host)
    return _Server(EVERYWHERE.network, _API_PORTS, "TCP", "the API server")


def _cut(index: Index, reach: Reachability, source: int, server: _Server) -> Iterator[Diagnostic]:
    if reach.may_leave(source):
        return
    for number in server.ports:
        ports = {(server.protocol, number), (server.protocol, ANY_PORT)}
        blocks = [block for block, port in reach.blocks(source) if port in ports]
        if not any(server.is_api or block.covers(server.network) for block in blocks):
            message = f"no policy allows egress to {server.name} ({server.network}) on {server.protocol} {number}"
            yield index.finding(CUT, index.pods.all[source].about, message)


def _exits(index: Index, reach: Reachability, source: int, servers: list[_Server]) -> Iterator[Diagnostic]:
    """Yield one finding for each range of addresses that the source has no need to reach, with all its ports."""
    open_: dict[Network, set[Port]] = defaultdict(set)
    for block, port in reach.blocks(source):
        protocol, number = port
        needed = number == DNS_PORT or any(
            server.protocol == protocol and number in server.ports and within(block.network, server.network)
            for server in servers
        )
        if not needed:
            open_[block.network].add(port)
    for network, ports in open_.items():
        message = f"a policy lets its pods send to {network} on {show_ports(ports)}"
        yield index.finding(EXIT, index.pods.all[source].about, message)


def _doors(index: Index, policies: Policies) -> Iterator[Diagnostic]:
    """Yield one finding for each group of pods that a policy opens to addresses outside, with all its ports."""
    open_to_ingress: dict[int, set[int]] = defaultdict(set)
    for group, number in index.rendered.ingress_groups:
        for position in index.pods.of_group(group):
            open_to_ingress[position].add(number)
    open_: dict[tuple[ObjectId, PodGroup], set[Port]] = defaultdict(set)
    for rule in policies.rules:
        if rule.direction == "ingress" and rule.peers.blocks:
            for port, pods in rule.received:
                for position in numbers_in(pods):
                    if port[1] not in open_to_ingress[position]:
                        open_[rule.policy, index.pods.all[position].group].add(port)
    for (policy, group), ports in open_.items():
        message = f"it lets addresses outside the cluster reach {group} on {show_ports(ports)}"
        yield index.finding(DOOR, policy, message)
