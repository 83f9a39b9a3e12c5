"""Network policies against the declared connections between pods: all of them are possible, and nothing else is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from floe_compiler.check.bits import numbers_in
from floe_compiler.check.hints import SHOWN
from floe_compiler.check.index import Index
from floe_compiler.check.policies import Policies, read_policies
from floe_compiler.check.policy_ports import ANY_PORT, Port, show_port, show_ports
from floe_compiler.check.reachability import Reachability
from floe_compiler.model.diagnostics import Diagnostic, Rule
from floe_compiler.model.objects import ObjectId
from floe_compiler.model.rendered import Connection, PodGroup

CUT = Rule(
    "C061",
    "connection that a network policy cuts",
    "A declared connection is not allowed by the policies at one of its ends, so the program would time out. Both the "
    "source's egress and the target's ingress must allow it, on the container's port.",
)
OPEN = Rule(
    "C062",
    "connection that nobody declared",
    "Network policies at both ends allow a connection that no component declares. Remove the opening, or declare the "
    "connection where it is needed.",
)
SURPLUS = Rule(
    "C069",
    "port open to pods that never call it",
    "A network policy lets pods reach others on a port that none of them is declared to call. Only their own policies "
    "still hold them back. Leave the port out, or name those that call it.",
    severity="warning",
)
UNKNOWN = Rule(
    "C064",
    "connection of unknown pods",
    "A connection is declared for pods that the environment does not render. Correct the name.",
)


def check(index: Index) -> Iterator[Diagnostic]:
    """Yield the declared connections between pods that are cut, and the openings that nobody declared."""
    policies = read_policies(index)
    reach = Reachability(policies)
    declared: dict[int, dict[Port, int]] = defaultdict(lambda: defaultdict(int))
    callers: dict[int, dict[Port, int]] = defaultdict(lambda: defaultdict(int))
    for connection in sorted(index.rendered.connections, key=str):
        yield from _unknown(index, connection)
        if not isinstance(connection.target, PodGroup):
            continue
        for source in index.pods.of_group(connection.source):
            for target in index.pods.of_group(connection.target):
                declared[source][connection.protocol, connection.port] |= 1 << target
                for number in (connection.port, ANY_PORT):
                    callers[target][connection.protocol, number] |= 1 << source
                yield from _cut(index, reach, connection, source, target)
    for source in range(len(index.pods.all)):
        yield from _open(index, policies, reach, source, declared[source])
    yield from _surplus(index, policies, reach, callers)


def _unknown(index: Index, connection: Connection) -> Iterator[Diagnostic]:
    ends = (connection.source, connection.target)
    for group in ends:
        if isinstance(group, PodGroup) and not index.pods.of_group(group):
            yield index.finding(UNKNOWN, group, f"a connection {_show(connection)} is declared")


def _show(connection: Connection) -> str:
    return f"from {connection.source} to {connection.target} on {connection.protocol} {connection.port}"


def _cut(index: Index, reach: Reachability, connection: Connection, source: int, target: int) -> Iterator[Diagnostic]:
    port = (connection.protocol, connection.port)
    if not reach.may_send(source, target, port):
        message = f"no policy allows egress {_show(connection)}"
        yield index.finding(CUT, index.pods.all[source].about, message)
    if not reach.may_receive(source, target, port):
        message = f"no policy allows ingress {_show(connection)}"
        yield index.finding(CUT, index.pods.all[target].about, message)


def _open(
    index: Index, policies: Policies, reach: Reachability, source: int, declared: Mapping[Port, int]
) -> Iterator[Diagnostic]:
    """Yield one finding for all that a source may reach without any declaration, each target with its first port."""
    seen, shown = 0, list[tuple[int, Port]]()
    for port, targets in reach.open(source):
        found = targets & ~declared.get(port, 0) & ~seen
        seen |= found
        shown += [(target, port) for target in islice(numbers_in(found), SHOWN - len(shown))]
    if shown:
        pods = index.pods.all
        places = ", ".join(f"{pods[target].group} on {show_port(port)}" for target, port in shown)
        more = f" and {seen.bit_count() - SHOWN} more" if seen.bit_count() > SHOWN else ""
        message = f"{pods[source].group} may reach {places}{more}"
        hint = f"the first is allowed by {' and '.join(_allowing(index, policies, source, *shown[0]))}"
        yield index.finding(OPEN, pods[source].about, message, hint)


def _surplus(
    index: Index, policies: Policies, reach: Reachability, callers: Mapping[int, Mapping[Port, int]]
) -> Iterator[Diagnostic]:
    """Yield one finding for each group of pods that a policy opens to others in vain, with all its ports.

    What these could even use is told as theirs already.
    """
    found: dict[tuple[ObjectId, PodGroup], set[Port]] = defaultdict(set)
    for rule in policies.rules:
        if rule.direction == "ingress" and rule.peers.pods:
            for port, targets in rule.received:
                for target in numbers_in(targets):
                    called = callers.get(target, {}).get(port, 0) & rule.peers.pods
                    if not called and not any(reach.may_send(one, target, port) for one in numbers_in(rule.peers.pods)):
                        found[rule.policy, index.pods.all[target].group].add(port)
    for (policy, group), ports in found.items():
        message = f"it lets pods reach {group} on {show_ports(ports)}, and none of them is declared to call that"
        yield index.finding(SURPLUS, policy, message)


def _allowing(index: Index, policies: Policies, source: int, target: int, port: Port) -> Iterable[str]:
    """Return the policies that allow a connection."""
    ports = (port, (port[0], ANY_PORT))
    namespaces = {index.pods.all[source].group.namespace, index.pods.all[target].group.namespace}
    return dict.fromkeys(
        str(rule.policy)
        for rule in policies.rules
        if rule.policy.namespace in namespaces
        and (rule.pods if rule.direction == "egress" else rule.peers.pods) >> source & 1
        and any(one in ports and pods >> target & 1 for one, pods in rule.received)
    )
