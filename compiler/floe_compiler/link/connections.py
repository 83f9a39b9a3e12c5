"""Network policies must allow exactly the declared connections between pods."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from heapq import nsmallest
from typing import NamedTuple

from floe_compiler.link.environment import Environment
from floe_compiler.link.finding import Finding
from floe_compiler.link.policies import policy_id
from floe_compiler.link.reachability import Ingress, Reachability, Target
from floe_compiler.model.bit_sets import numbers_in, union
from floe_compiler.model.diagnostics import Rule
from floe_compiler.model.hints import SHOWN, near
from floe_compiler.model.objects import ObjectId
from floe_compiler.model.policy_ports import ANY_PORT, Port, show_port, show_ports
from floe_compiler.model.rendered import PodGroup
from floe_compiler.model.summary import Call, LostCall, Opening

CUT = Rule(
    "C061",
    "connection blocked by a network policy",
    "The policies at one end of a declared connection do not allow it, so the program would time out. The egress of "
    "the source and the ingress of the target must both allow it, on the container's port.",
)
OPEN = Rule(
    "C062",
    "undeclared connection",
    "Network policies at both ends allow a connection that no component declares. Remove the rule, or declare the "
    "connection where it is needed.",
)
SURPLUS = Rule(
    "C069",
    "port open to pods that never call it",
    "A network policy lets pods reach others on a port that none of them is declared to call. Only their own egress "
    "policies still block it. Remove the port, or name only the pods that call it.",
    severity="warning",
)
UNKNOWN = Rule(
    "C064",
    "connection of unknown pods",
    "A connection is declared for pods that the environment does not render. Correct the name.",
)


RULES = (CUT, OPEN, SURPLUS, UNKNOWN)

Source = tuple[str, int]
"""Source pods: their unit, and their position in it."""


class _Opened(NamedTuple):
    """Pods of a unit (as bits) that may reach pods of another unit on a port."""

    port: Port
    sources: int
    unit: str
    targets: int


def check(environment: Environment) -> Iterator[Finding]:
    """Yield blocked connections that are declared, and allowed connections that are not declared."""
    reach = Reachability(environment)
    for unit, summary in environment.units.items():
        for lost in summary.network.lost_calls:
            message = f"a connection {_show(unit, lost.source, lost.target, lost)} is declared"
            yield Finding(UNKNOWN, unit, PodGroup(unit, lost.source), message, _near(environment, unit, lost.source))
        for call in summary.network.calls:
            targets = environment.group(call.namespace, call.name)
            yield from _cut(environment, reach, unit, call, targets)
            if not targets:
                yield from _unknown(environment, unit, call)
    yield from _open(environment, reach)
    yield from _surplus(environment, reach)


def _unknown(environment: Environment, unit: str, call: Call) -> Iterator[Finding]:
    target = PodGroup(call.namespace, call.name)
    hint = _near(environment, call.namespace, call.name)
    for name in call.sources:
        message = f"a connection {_show(unit, name, target, call)} is declared"
        yield Finding(UNKNOWN, call.namespace, target, message, hint)


def _near(environment: Environment, unit: str, name: str) -> str:
    """Return the hint for pods that a unit does not have."""
    if unit not in environment.units:
        return near(unit, environment.units.keys())
    known = {pods.group for pods in environment.units[unit].network.pods}
    return near(name, known) or f"{unit} has no such pods: remove the connection, or the patch that deletes its target"


def _show(unit: str, source: str, target: object, call: Call | LostCall) -> str:
    return f"from {unit}/{source} to {target} on {call.protocol} {call.port}"


def _cut(environment: Environment, reach: Reachability, unit: str, call: Call, targets: int) -> Iterator[Finding]:
    port, group = (call.protocol, call.port), PodGroup(call.namespace, call.name)
    for position in numbers_in(targets):
        target = (call.namespace, position)
        sent, received = reach.may_send(unit, target, port), reach.may_reach(unit, target, port)
        if not call.pods & ~(sent & received):
            continue
        for name, pods in call.sources.items():
            for source in numbers_in(pods & ~sent):
                message = f"no policy allows egress {_show(unit, name, group, call)}"
                hint = f"add an egress rule to {group}, port {call.port}, or remove the patch that dropped it"
                yield Finding(CUT, unit, environment.about(unit, source), message, hint)
            if pods & ~received:
                message = f"no policy allows ingress {_show(unit, name, group, call)}"
                hint = f"add an ingress rule from {unit}/{name}, port {call.port}, or remove the patch that dropped it"
                yield Finding(CUT, call.namespace, environment.about(*target), message, hint)


def _open(environment: Environment, reach: Reachability) -> Iterator[Finding]:
    """Yield one finding for all undeclared targets that a source may reach, each with its first port."""
    opened: dict[str, list[_Opened]] = defaultdict(list)
    for unit, port, targets_unit, (sources, targets) in reach.undeclared():
        opened[unit].append(_Opened(port, sources, targets_unit, targets))
    for unit, openings in opened.items():
        # Targets that several pods of a unit may reach are checked once.
        alike: dict[tuple[int, ...], list[int]] = defaultdict(list)
        for source in numbers_in(union(opening.sources for opening in openings)):
            alike[tuple(at for at, opening in enumerate(openings) if opening.sources >> source & 1)].append(source)
        for chosen, same in alike.items():
            places, first = _shown(environment, [openings[at] for at in chosen])
            for source in same:
                message = f"{environment.group_of(unit, source)} may reach {places}"
                hint = f"the first is allowed by {' and '.join(_allowing(environment, (unit, source), *first))}"
                yield Finding(OPEN, unit, environment.about(unit, source), message, hint)


def _shown(environment: Environment, opened: list[_Opened]) -> tuple[str, tuple[Target, Port]]:
    """Return the first targets and how many more there are, as text, and the very first target with its port."""
    ports: dict[Target, Port] = {}
    for opening in sorted(opened, key=lambda opening: (opening.port[1] != ANY_PORT, opening.port)):
        for target in numbers_in(opening.targets):
            ports.setdefault((opening.unit, target), opening.port)
    first = nsmallest(
        SHOWN, ports.items(), key=lambda pair: (pair[1][1] != ANY_PORT, pair[1], environment.order(*pair[0]))
    )
    places = ", ".join(f"{environment.group_of(*target)} on {show_port(port)}" for target, port in first)
    more = f" and {len(ports) - SHOWN} more" if len(ports) > SHOWN else ""
    return places + more, first[0]


def _surplus(environment: Environment, reach: Reachability) -> Iterator[Finding]:
    """Yield one finding for each group of pods that a policy opens to pods that never call it, with all ports.

    Connections that the callers' own policies also allow are reported as undeclared connections instead.
    """
    unused: dict[tuple[str, str, PodGroup], set[Port]] = defaultdict(set)
    for rule in reach.ingress:
        for port, targets in rule.received if rule.sources else ():
            for position in numbers_in(targets):
                if not _is_used(reach, rule, (rule.unit, position), port):
                    for policy, pods in rule.opening.policies.items():
                        if pods >> position & 1:
                            unused[rule.unit, policy, environment.group_of(rule.unit, position)].add(port)
    for (unit, policy, group), ports in unused.items():
        message = f"it lets pods reach {group} on {show_ports(ports)}, but none of them is declared to call it"
        yield Finding(SURPLUS, unit, policy_id(unit, policy), message, "remove these ports from its ingress rules")


def _is_used(reach: Reachability, rule: Ingress, target: Target, port: Port) -> bool:
    """Return whether any source of a rule is declared to call a target on a port, or may send to it."""
    return reach.is_declared(rule.sources, target, port) or any(
        reach.may_send(unit, target, port) & pods for unit, pods in rule.sources.items()
    )


def _allowing(environment: Environment, source: Source, target: Target, port: Port) -> Iterable[str]:
    """Return the policies that allow a connection."""
    policies = set[ObjectId]()
    for openings, this, other in (
        (environment.units[source[0]].network.egress, source, target),
        (environment.units[target[0]].network.ingress, target, source),
    ):
        for opening in openings:
            means_other = environment.peers(this[0], opening).get(other[0], 0) >> other[1] & 1
            if means_other and _opens(environment, opening, target, port):
                policies |= {policy_id(this[0], name) for name, pods in opening.policies.items() if pods >> this[1] & 1}
    return map(str, sorted(policies))


def _opens(environment: Environment, opening: Opening, target: Target, port: Port) -> bool:
    named = environment.units[target[0]].network.named_ports
    ports = {number for number, _ in opening.ports.received(1 << target[1], environment.ports, named)}
    return bool(ports & {port, (port[0], ANY_PORT)})
