"""Egress from the cluster: pods must reach the declared external servers, and no other addresses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from floe_compiler.check.index import Index
from floe_compiler.check.network.known_ports import known_ports
from floe_compiler.check.network.peers import EVERYWHERE, Peers
from floe_compiler.model.addresses import Block, Network, Reach, excess, network, reachable, remaining, within
from floe_compiler.model.bit_sets import numbers_in, union
from floe_compiler.model.diagnostics import Diagnostic, Rule
from floe_compiler.model.hints import some
from floe_compiler.model.policy_ports import ANY_PORT, PolicyPorts, Port, show_ports
from floe_compiler.model.rendered import Connection, External, PodGroup
from floe_compiler.model.shared_rules import EXIT

CUT = Rule(
    "C067",
    "server blocked by a network policy",
    "Pods are declared to use an external server, or the cluster's API server, but no policy lets them send to all its "
    "addresses and ports. (For policies, the API server's port is 443 or 6443, so both are needed.)",
)
RULES = (CUT, EXIT)

_API_PORTS = (443, 6443)

Exit = tuple[Block, Port]


class _Server(NamedTuple):
    network: Network
    ports: tuple[int, ...]
    protocol: str
    name: str
    blocks: tuple[Block, ...]
    """What policies may allow of its addresses."""

    @property
    def is_api(self) -> bool:
        """Return whether it is the API server, whose addresses are not in the inputs."""
        return self.ports == _API_PORTS


def check(index: Index) -> Iterator[Diagnostic]:
    """Yield blocked external servers, and allowed addresses that no declared server has."""
    servers: dict[int, list[_Server]] = defaultdict(list)
    for connection in sorted(index.rendered.connections, key=str):
        target = connection.target
        if isinstance(target, External) and target.namespace:
            yield from _cut_foreign(index, connection, target)
        elif not isinstance(target, PodGroup):
            for source in index.pods.of_group(connection.source):
                servers[source].append(_server(connection, index.rendered.reach))
    exits = _exits(index)
    for source in range(len(index.pods.all)):
        isolated = index.policies.isolated["egress"] >> source & 1
        for server in servers[source] if isolated else ():
            yield from _cut(index, source, server, exits[source])
        yield from _undeclared(index, source, servers[source], exits[source])


def _server(connection: Connection, reach: Reach) -> _Server:
    if isinstance(connection.target, External):
        target = connection.target
        blocks = reachable(target.cidr, reach)
        return _Server(network(target.cidr), (connection.port,), connection.protocol, target.host, blocks)
    return _Server(EVERYWHERE.network, _API_PORTS, "TCP", "the API server", (EVERYWHERE,))


def _exits(index: Index) -> dict[int, list[Exit]]:
    """Return the address ranges that policies let each pod send to, with the ports."""
    exits: dict[int, list[Exit]] = defaultdict(list)
    known = known_ports(index)
    for rule in index.policies.rules:
        if rule.direction == "egress" and rule.peers.blocks:
            pairs = [(block, port) for block in rule.peers.blocks for port in _ports(rule.ports, known)]
            for source in numbers_in(rule.pods):
                exits[source] += pairs
    return exits


def _ports(ports: PolicyPorts, known: tuple[int, ...]) -> Iterator[Port]:
    """Yield the ports of an egress rule; of a range, only known ports and both ends."""
    yield from ports.plain(known)
    for protocol, first, last in ports.ranges:
        yield from ((protocol, number) for number in (first, last) if number not in known)


def _cut(index: Index, source: int, server: _Server, exits: list[Exit]) -> Iterator[Diagnostic]:
    for number in server.ports:
        ports = {(server.protocol, number), (server.protocol, ANY_PORT)}
        blocks = [block for block, port in exits if port in ports]
        if not any(server.is_api or block.covers(server.network) for block in blocks):
            message = f"no policy allows egress to {server.name} ({server.network}) on {server.protocol} {number}"
            hint = f"allow it in an egress rule: ipBlock {server.network}, port {number}"
            yield index.finding(CUT, index.pods.all[source].about, message, hint)


def _cut_foreign(index: Index, connection: Connection, target: External) -> Iterator[Diagnostic]:
    """Yield pods that no policy lets reach a Service that others keep in a namespace of the cluster."""
    wanted = {(connection.protocol, connection.port), (connection.protocol, ANY_PORT)}
    known = known_ports(index)
    sent = union(
        rule.pods
        for rule in index.policies.rules
        if rule.direction == "egress" and _means(rule.peers, target.namespace) and wanted & {*_ports(rule.ports, known)}
    )
    for source in index.pods.of_group(connection.source):
        if index.policies.isolated["egress"] >> source & ~sent >> source & 1:
            message = f"no policy allows egress to {target.host} on {connection.protocol} {connection.port}"
            hint = f"allow it in an egress rule: namespace {target.namespace}, port {connection.port}"
            yield index.finding(CUT, index.pods.all[source].about, message, hint)


def _means(peers: Peers, namespace: str) -> bool:
    return peers.everyone or any(namespace in peer.names for peer in peers.pods)


def _undeclared(index: Index, source: int, servers: list[_Server], exits: list[Exit]) -> Iterator[Diagnostic]:
    """Yield one finding for each undeclared address range that the source may reach, with all its ports."""
    open_: dict[tuple[str, str], set[Port]] = defaultdict(set)
    for block, port in exits:
        protocol, number = port
        if number not in index.rendered.dns.ports:
            listening = [server for server in servers if server.protocol == protocol and number in server.ports]
            if undeclared := _excess(block, listening):
                open_[undeclared].add(port)
    for (addresses, hint), ports in open_.items():
        message = f"a policy lets its pods send to {addresses} on {show_ports(ports)}"
        yield index.finding(EXIT, index.pods.all[source].about, message, hint)


def _excess(block: Block, servers: list[_Server]) -> tuple[str, str] | None:
    """Return the addresses of a block that no server has, and how to leave them out; None if there are none."""
    if not any(within(block.network, server.network) for server in servers):
        return str(block.network), ""
    allowed = tuple(allowed_block for server in servers for allowed_block in server.blocks)
    if block in allowed or not (inside := excess(block, allowed)):
        return None
    if inside == remaining(block):
        return some(inside), ""
    holes = dict.fromkeys(
        str(hole) for allowed_block in allowed for hole in allowed_block.without if within(hole, block.network)
    )
    return some(inside), f"leave out what no server outside has: except: [{', '.join(holes)}]"
