"""Network policies at the environment's edge: pods reach the declared servers outside; nothing else comes or goes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from ipaddress import ip_network
from typing import NamedTuple

from floe_compiler.check.annotations import EXTERNAL_REFERENCES, is_external
from floe_compiler.check.bits import numbers_in
from floe_compiler.check.hints import some
from floe_compiler.check.index import Index
from floe_compiler.check.peers import EVERYWHERE, Network, within
from floe_compiler.check.policies import Direction, Policies, PolicyRule, read_policies
from floe_compiler.check.policy_ports import ANY_PORT, DNS_PORT, Port, show_ports
from floe_compiler.check.reachability import Reachability
from floe_compiler.check.selection import NAMESPACE_NAME
from floe_compiler.model.diagnostics import Diagnostic, Rule
from floe_compiler.model.objects import ObjectId
from floe_compiler.model.rendered import Connection, External, PodGroup

EXIT = Rule(
    "C066",
    "way out that nobody declared",
    "A network policy lets pods send to addresses that no declared server has, or to namespaces that the environment "
    "does not render. Narrow it, declare the server, or say that the namespace is somebody else's: annotation "
    '"floe.dev/external-references: Namespace/<name>".',
)
CUT = Rule(
    "C067",
    "server that a network policy cuts off",
    "Pods are declared to use a server outside, or the cluster's API server, but no policy lets them send to all its "
    "addresses and ports. (Policies see the API server on port 443 or 6443, so both are needed.)",
)
DOOR = Rule(
    "C068",
    "way in that nobody declared",
    "A network policy lets pods be reached by everyone, by namespaces that the environment does not render, or by "
    "addresses where they are not open to the ingress controller. Name the pods or namespaces that may, and say of a "
    'namespace that it is somebody else\'s: annotation "floe.dev/external-references: Namespace/<name>".',
)

_API_PORTS = (443, 6443)
_NAME_THEM = f"name the namespaces that may, each by its label {NAMESPACE_NAME}"


class _Stranger(NamedTuple):
    """Whom a policy means beyond what is rendered."""

    name: str
    hint: str = ""


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
    yield from _openings(index, policies)


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


def _openings(index: Index, policies: Policies) -> Iterator[Diagnostic]:
    """Yield the strangers to whom a policy opens pods, or to whom it lets them send."""
    to_ingress: dict[int, set[int]] = defaultdict(set)
    for group, number in index.rendered.ingress_groups:
        for position in index.pods.of_group(group):
            to_ingress[position].add(number)
    opened: dict[tuple[ObjectId, Direction, _Stranger], dict[PodGroup, set[Port]]] = defaultdict(dict)
    for rule in policies.rules:
        for port, pods in _opened(rule):
            for position in numbers_in(pods):
                group = index.pods.all[position].group
                for stranger in _strangers(index, rule, port[1], to_ingress[position]):
                    opened[rule.policy, rule.direction, stranger].setdefault(group, set()).add(port)
    for (policy, direction, stranger), ports_of in opened.items():
        yield from _opening(index, policy, direction, stranger, ports_of)


def _opening(
    index: Index, policy: ObjectId, direction: Direction, stranger: _Stranger, ports_of: Mapping[PodGroup, set[Port]]
) -> Iterator[Diagnostic]:
    """Yield one finding for all pods with the same ports."""
    alike: dict[frozenset[Port], list[PodGroup]] = defaultdict(list)
    for group, ports in ports_of.items():
        alike[frozenset(ports)].append(group)
    for same, groups in alike.items():
        way_in = (DOOR, f"it lets {stranger.name} reach {some(groups)}")
        way_out = (EXIT, f"it lets {some(groups)} send to {stranger.name}")
        rule, what = way_in if direction == "ingress" else way_out
        yield index.finding(rule, policy, f"{what} on {show_ports(same)}", stranger.hint)


def _opened(rule: PolicyRule) -> Iterable[tuple[Port, int]]:
    """Return the ports of a rule that means strangers, each with the pods (as bits) that it selects for it."""
    peers = rule.peers
    if not (peers.unnamed or peers.foreign or peers.blocks):
        return ()
    if rule.direction == "ingress":
        return rule.received
    return [(port, rule.pods) for port in rule.ports if port[1] != DNS_PORT]


def _strangers(index: Index, rule: PolicyRule, port: int, to_ingress: Collection[int]) -> Iterator[_Stranger]:
    """Yield whom a rule means that nobody declared: addresses at a way in only, as ways out are told by source."""
    peers, is_ingress = rule.peers, rule.direction == "ingress"
    if peers.unnamed and EVERYWHERE in peers.blocks:
        if is_ingress:
            yield _Stranger("everyone", _NAME_THEM)
        return
    if is_ingress and peers.blocks and port not in to_ingress:
        yield _Stranger("addresses outside the cluster")
    if peers.unnamed:
        yield _Stranger("pods of namespaces that it does not name", _NAME_THEM)
    for name in sorted(peers.foreign):
        is_controller = is_ingress and name == index.rendered.ingress_namespace
        if not is_controller and not is_external(index.objects[rule.policy], "Namespace", name):
            hint = f'if that is meant, annotate the policy: "{EXTERNAL_REFERENCES}: Namespace/{name}"'
            if is_ingress and not index.rendered.ingress_namespace:
                hint = f"if the ingress controller runs there, set cluster.ingress_namespace; or, {hint}"
            yield _Stranger(f"pods of namespace {name}", hint)
