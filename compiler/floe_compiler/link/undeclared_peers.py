"""Network policies must not allow traffic with undeclared peers outside the environment."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from floe_compiler.link.environment import Environment
from floe_compiler.link.finding import Finding
from floe_compiler.link.policies import policy_id
from floe_compiler.model.annotations import EXTERNAL_REFERENCES
from floe_compiler.model.bit_sets import numbers_in
from floe_compiler.model.diagnostics import Rule
from floe_compiler.model.hints import some
from floe_compiler.model.label_index import NAMESPACE_NAME, LabelIndex
from floe_compiler.model.policy_ports import Port, show_ports
from floe_compiler.model.rendered import PodGroup
from floe_compiler.model.shared_rules import EXIT
from floe_compiler.model.summary import DIRECTIONS, Direction, Opening, Peer

DOOR = Rule(
    "C068",
    "undeclared ingress",
    "A network policy lets everyone reach pods, or namespaces that the environment does not render, or (except for the "
    "ingress controller) addresses outside the cluster. Name the pods or namespaces that may reach them. For a "
    "namespace that is created outside the output, set the annotation "
    '"floe.dev/external-references: Namespace/<name>".',
)
RULES = (DOOR, EXIT)

_NAME_THEM = f"name the allowed namespaces, each by its label {NAMESPACE_NAME}"
_UNKNOWN_NAMESPACE = LabelIndex.of([{NAMESPACE_NAME: ""}])
"""A namespace with unknown labels."""


class _Stranger(NamedTuple):
    """A peer of a policy that is not rendered: a namespace by name, addresses, or others."""

    name: str
    hint: str = ""
    by_address: bool = False
    namespace: str = ""


def check(environment: Environment) -> Iterator[Finding]:
    """Yield the undeclared peers that a policy allows pods to receive from, or to send to."""
    for unit, summary in environment.units.items():
        for direction in DIRECTIONS:
            opened: dict[tuple[str, _Stranger], dict[PodGroup, set[Port]]] = defaultdict(dict)
            for opening in summary.network.ingress if direction == "ingress" else summary.network.egress:
                _add(environment, unit, direction, opening, opened)
            for (policy, stranger), ports_of in opened.items():
                yield from _findings(unit, policy, direction, stranger, ports_of)


def _add(
    environment: Environment,
    unit: str,
    direction: Direction,
    opening: Opening,
    opened: dict[tuple[str, _Stranger], dict[PodGroup, set[Port]]],
) -> None:
    """Add the undeclared peers of a rule, with pods and ports, for each policy that has the rule."""
    if not _means_strangers(environment, opening):
        return
    strangers = tuple(_strangers(environment, direction, opening))
    to_controller = environment.units[unit].network.ingress_ports
    for policy, pods in opening.policies.items():
        external = environment.units[unit].network.external.get(policy, ())
        for port, reached in _ports(environment, unit, direction, opening, pods):
            for position in numbers_in(reached):
                for stranger in strangers:
                    is_controller = stranger.by_address and port[1] in to_controller.get(position, ())
                    if not is_controller and stranger.namespace not in external:
                        groups = opened[policy, stranger]
                        groups.setdefault(environment.group_of(unit, position), set()).add(port)


def _means_strangers(environment: Environment, opening: Opening) -> bool:
    """Return whether a rule selects anything except pods of rendered namespaces that it names."""
    rendered = environment.namespaces
    return (
        opening.everyone
        or opening.addresses
        or not all(peer.own or (peer.names and rendered.issuperset(peer.names)) for peer in opening.peers)
    )


def _ports(
    environment: Environment, unit: str, direction: Direction, opening: Opening, pods: int
) -> Iterator[tuple[Port, int]]:
    """Yield the ports of a rule, each with the pods (as bits) that it applies to."""
    if direction == "ingress":
        named = environment.units[unit].network.named_ports
        yield from opening.ports.received(pods, environment.ports, named)
    else:
        dns = environment.facts.dns.ports
        yield from ((port, pods) for port in opening.ports.plain(environment.ports) if port[1] not in dns)


def _strangers(environment: Environment, direction: Direction, opening: Opening) -> Iterator[_Stranger]:
    """Yield the undeclared peers of a rule; addresses only for ingress, as `check` covers egress."""
    is_ingress = direction == "ingress"
    unnamed = opening.everyone or any(_is_unnamed(environment, peer) for peer in opening.peers)
    if unnamed and opening.everywhere:
        if is_ingress:
            yield _Stranger("everyone", _NAME_THEM)
        return
    if is_ingress and opening.addresses:
        yield _Stranger("addresses outside the cluster", by_address=True)
    if unnamed:
        yield _Stranger("pods of namespaces that it does not name", _NAME_THEM)
    for name in sorted(_foreign(environment, opening)):
        if not (is_ingress and name == environment.facts.ingress_namespace):
            yield _Stranger(f"pods of namespace {name}", _declare(environment, name, is_ingress), namespace=name)


def _is_unnamed(environment: Environment, peer: Peer) -> bool:
    """Return whether a peer may select namespaces that it does not name and that are not rendered.

    A selector that matches no rendered namespace is assumed to match others; some selectors match any namespace.
    """
    if peer.own or peer.names or peer.namespaces is None:
        return False
    return bool(_UNKNOWN_NAMESPACE.select(peer.namespaces)) or not environment.with_labels(peer.namespaces)


def _foreign(environment: Environment, opening: Opening) -> set[str]:
    return {name for peer in opening.peers if not peer.own for name in peer.names if name not in environment.namespaces}


def _declare(environment: Environment, name: str, is_ingress: bool) -> str:
    hint = f'if that is intended, annotate the policy: "{EXTERNAL_REFERENCES}: Namespace/{name}"'
    if is_ingress and not environment.facts.ingress_namespace:
        return f"if the ingress controller runs there, set cluster.ingress_namespace; otherwise, {hint}"
    return hint


def _findings(
    unit: str, policy: str, direction: Direction, stranger: _Stranger, ports_of: Mapping[PodGroup, set[Port]]
) -> Iterator[Finding]:
    """Yield one finding for all pods with the same ports."""
    alike: dict[frozenset[Port], list[PodGroup]] = defaultdict(list)
    for group, ports in ports_of.items():
        alike[frozenset(ports)].append(group)
    for same, groups in alike.items():
        way_in = (DOOR, f"it lets {stranger.name} reach {some(groups)}")
        way_out = (EXIT, f"it lets {some(groups)} send to {stranger.name}")
        rule, message = way_in if direction == "ingress" else way_out
        yield Finding(rule, unit, policy_id(unit, policy), f"{message} on {show_ports(same)}", stranger.hint)
