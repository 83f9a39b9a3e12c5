"""Network policies against the declared connections between pods: all of them are possible, and nothing else is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from floe_compiler.check.bits import numbers_in
from floe_compiler.check.index import Index
from floe_compiler.check.policies import Policies, read_policies
from floe_compiler.check.policy_ports import ANY_PORT, Port, show_port
from floe_compiler.check.reachability import Reachability
from floe_compiler.model.diagnostics import Diagnostic, Rule
from floe_compiler.model.rendered import Connection, PodGroup

CUT = Rule(
    "C061",
    "Connection that a network policy cuts",
    "A declared connection is not allowed by the policies at one of its ends, so the program would time out. Both the "
    "source's egress and the target's ingress must allow it, on the container's port.",
)
OPEN = Rule(
    "C062",
    "Connection that nobody declared",
    "Network policies at both ends allow a connection that no component declares. Remove the opening, or declare the "
    "connection where it is needed.",
)
UNKNOWN = Rule(
    "C064",
    "Connection of unknown pods",
    "A connection is declared for pods that the environment does not render. Correct the name.",
)

_SHOWN = 5


def check(index: Index) -> Iterator[Diagnostic]:
    """Yield the declared connections between pods that are cut, and the openings that nobody declared."""
    policies = read_policies(index)
    reach = Reachability(policies)
    declared: dict[int, dict[Port, int]] = defaultdict(lambda: defaultdict(int))
    for connection in sorted(index.rendered.connections, key=str):
        yield from _unknown(index, connection)
        if not isinstance(connection.target, PodGroup):
            continue
        for source in index.pods.of_group(connection.source):
            for target in index.pods.of_group(connection.target):
                declared[source][connection.protocol, connection.port] |= 1 << target
                yield from _cut(index, reach, connection, source, target)
    for source in range(len(index.pods.all)):
        yield from _open(index, policies, source, _undeclared(reach, source, declared[source]))


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


def _undeclared(reach: Reachability, source: int, declared: Mapping[Port, int]) -> dict[int, Port]:
    """Return the targets that a source may reach without any declaration, each with the first such port."""
    found: dict[int, Port] = {}
    for port, targets in reach.open(source):
        for target in numbers_in(targets & ~declared.get(port, 0)):
            found.setdefault(target, port)
    return found


def _open(index: Index, policies: Policies, source: int, found: dict[int, Port]) -> Iterator[Diagnostic]:
    if not found:
        return
    targets = list(found.items())
    shown = ", ".join(f"{index.pods.all[target].group} on {show_port(port)}" for target, port in targets[:_SHOWN])
    more = f" and {len(targets) - _SHOWN} more" if len(targets) > _SHOWN else ""
    message = f"{index.pods.all[source].group} may reach {shown}{more}"
    yield index.finding(OPEN, index.pods.all[source].about, message, _allowing(policies, source, *targets[0]))


def _allowing(policies: Policies, source: int, target: int, port: Port) -> str:
    """Return a hint that names the policies which allow a connection."""
    ports = (port, (port[0], ANY_PORT))
    names = [
        str(rule.policy)
        for rule in policies.rules
        if (rule.pods if rule.direction == "egress" else rule.peers.pods) >> source & 1
        and any(one in ports and pods >> target & 1 for one, pods in rule.received)
    ]
    return f"the first is allowed by {' and '.join(dict.fromkeys(names))}"
