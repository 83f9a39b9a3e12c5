"""NetworkPolicies as rules between pods."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from floe_compiler.check.bits import to_bits
from floe_compiler.check.index import Index
from floe_compiler.check.peers import PeerReader, Peers
from floe_compiler.check.policy_ports import Port, PortReader
from floe_compiler.model.objects import Object, ObjectId

Direction = Literal["ingress", "egress"]


@dataclass(frozen=True, slots=True, eq=False)
class PolicyRule:
    """One rule of a NetworkPolicy for the pods that it selects (as bits).

    `ports` are those to servers that are no rendered pods; `received` has each port with the pods (as bits) that
    receive on it: the peers of an egress rule, the selected pods of an ingress rule.
    """

    policy: ObjectId
    direction: Direction
    pods: int
    peers: Peers
    ports: tuple[Port, ...]
    received: tuple[tuple[Port, int], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Policies:
    """All rules of an environment; `isolated` are the pods (as bits) that may do nothing else, by direction.

    `denying` are the namespaces of which a policy isolates all pods, whatever labels they have.
    """

    rules: tuple[PolicyRule, ...]
    isolated: Mapping[Direction, int]
    denying: Mapping[Direction, frozenset[str]]


def read_policies(index: Index) -> Policies:
    """Return the rules of all NetworkPolicies of an environment."""
    peer_reader, port_reader = PeerReader(index), PortReader(index)
    rules: list[PolicyRule] = []
    isolated: dict[Direction, int] = {"ingress": 0, "egress": 0}
    denying: dict[Direction, set[str]] = {"ingress": set(), "egress": set()}
    for identity, manifest in index.of("networking.k8s.io", "NetworkPolicy"):
        spec = manifest.get("spec", {})
        selector = spec.get("podSelector", {})
        pods = to_bits(index.pods.positions(identity.namespace, selector))
        for direction in _directions(spec):
            isolated[direction] |= pods
            if not selector:
                denying[direction].add(identity.namespace)
            for rule in spec.get(direction, ()):
                peers = peer_reader.read(identity.namespace, rule.get("from" if direction == "ingress" else "to", ()))
                ports = rule.get("ports", ())
                received = port_reader.received(ports, pods if direction == "ingress" else peers.pods)
                rules.append(PolicyRule(identity, direction, pods, peers, port_reader.plain(ports), received))
    return Policies(tuple(rules), isolated, {direction: frozenset(names) for direction, names in denying.items()})


def _directions(spec: Object) -> tuple[Direction, ...]:
    """Return what a policy governs: what it says, or else ingress, and egress if it has rules for it."""
    types = spec.get("policyTypes") or (["Ingress", "Egress"] if "egress" in spec else ["Ingress"])
    known: tuple[Direction, ...] = ("ingress", "egress")
    return tuple(direction for direction in known if direction.capitalize() in types)
