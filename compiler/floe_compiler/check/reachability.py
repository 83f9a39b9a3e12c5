"""Which pods may talk to which, on which ports, by all NetworkPolicies together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from floe_compiler.check.bits import numbers_in
from floe_compiler.check.peers import Block
from floe_compiler.check.policies import Direction, Policies
from floe_compiler.check.policy_ports import ANY_PORT, Port

Targets = Mapping[Port, int]
"""For a port: the pods (as bits) that may be reached on it."""


class Reachability:
    """What policies allow, seen from each source: on its own side (egress), and on the targets' side (ingress).

    Pods that no policy isolates may do everything. Of them only what rules name is open here: another rule sees to
    it that all pods are isolated.
    """

    def __init__(self, policies: Policies) -> None:
        self._isolated = policies.isolated
        self._egress = _by_source(policies, "egress")
        self._ingress = _by_source(policies, "ingress")
        self._blocks = _blocks(policies)

    def may_send(self, source: int, target: int, port: Port) -> bool:
        """Tell whether the source's policies let it send to the target."""
        return not _has(self._isolated["egress"], source) or _has(_on(self._egress.get(source, {}), port), target)

    def may_receive(self, source: int, target: int, port: Port) -> bool:
        """Tell whether the target's policies let it receive from the source."""
        return not _has(self._isolated["ingress"], target) or _has(_on(self._ingress.get(source, {}), port), target)

    def may_leave(self, source: int) -> bool:
        """Tell whether no policy limits what the source sends."""
        return not _has(self._isolated["egress"], source)

    def blocks(self, source: int) -> list[tuple[Block, Port]]:
        """Return the address ranges that the source's policies let it send to, with the ports."""
        return self._blocks.get(source, [])

    def open(self, source: int) -> Iterator[tuple[Port, int]]:
        """Yield the ports on which rules at both ends let a source talk, "all" first, with the targets (as bits)."""
        sends, receives = self._egress.get(source, {}), self._ingress.get(source, {})
        for port in sorted({*sends, *receives}, key=lambda one: (one[1] != ANY_PORT, one)):
            both = _on(sends, port) & _on(receives, port)
            if both:
                yield port, both


def _by_source(policies: Policies, direction: Direction) -> Mapping[int, Targets]:
    found: dict[int, dict[Port, int]] = defaultdict(dict)
    for rule in policies.rules:
        if rule.direction == direction:
            for source in numbers_in(rule.pods if direction == "egress" else rule.peers.pods):
                targets = found[source]
                for port, pods in rule.received:
                    targets[port] = targets.get(port, 0) | pods
    return found


def _blocks(policies: Policies) -> Mapping[int, list[tuple[Block, Port]]]:
    found: dict[int, list[tuple[Block, Port]]] = defaultdict(list)
    for rule in policies.rules:
        if rule.direction == "egress" and rule.peers.blocks:
            pairs = [(block, port) for block in rule.peers.blocks for port in rule.ports]
            for source in numbers_in(rule.pods):
                found[source] += pairs
    return found


def _on(targets: Targets, port: Port) -> int:
    """Return who may be reached on a port, by rules for this port or for all."""
    return targets.get(port, 0) | targets.get((port[0], ANY_PORT), 0)


def _has(bits: int, position: int) -> bool:
    return bool(bits >> position & 1)
