"""NetworkPolicies, as rules for the pods that they select."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import msgspec

from floe_compiler.check.network.peers import Peers, read_peers
from floe_compiler.check.pod_index import PodIndex
from floe_compiler.model.dns import DnsServers
from floe_compiler.model.object_memory import remembered
from floe_compiler.model.objects import Object, ObjectId
from floe_compiler.model.policy_ports import PolicyPorts
from floe_compiler.model.selectors import Selector
from floe_compiler.model.service_mesh import AMBIENT_PROBES
from floe_compiler.model.summary import DIRECTIONS, Direction


class PolicyRule(msgspec.Struct, frozen=True):
    """One rule of a NetworkPolicy for the pods that it selects (as bits)."""

    policy: ObjectId
    direction: Direction
    pods: int
    peers: Peers
    ports: PolicyPorts


@dataclass(frozen=True, slots=True, eq=False)
class Policies:
    """All rules of a unit. `isolated` are, by direction, the pods (as bits) to which only the rules apply.

    `denying` are the directions in which a policy isolates all pods, with any labels.
    """

    rules: tuple[PolicyRule, ...]
    isolated: Mapping[Direction, int]
    denying: frozenset[Direction]


def read_policies(policies: Iterable[tuple[ObjectId, Object]], pods: PodIndex, dns: DnsServers) -> Policies:
    """Return the rules of the NetworkPolicies of a unit."""
    rules: list[PolicyRule] = []
    isolated: dict[Direction, int] = dict.fromkeys(DIRECTIONS, 0)
    denying: set[Direction] = set()
    for identity, manifest in policies:
        spec = manifest.get("spec", {})
        selector = spec.get("podSelector", {})
        selected = pods.selected(selector)
        for direction in _directions(spec):
            isolated[direction] |= selected
            if not selector:
                denying.add(direction)
        for direction, peers, ports in _rules(manifest, dns):
            rules.append(PolicyRule(identity, direction, selected, peers, ports))
    return Policies(tuple(rules), isolated, frozenset(denying))


@remembered
def _rules(manifest: Object, dns: DnsServers) -> tuple[tuple[Direction, Peers, PolicyPorts], ...]:
    """Return direction, peers and ports of each rule of a policy."""
    return tuple(_read_rules(manifest.get("spec", {}), dns))


def _read_rules(spec: Object, dns: DnsServers) -> Iterator[tuple[Direction, Peers, PolicyPorts]]:
    for direction in _directions(spec):
        for rule in spec.get(direction, ()):
            peers = rule.get("from" if direction == "ingress" else "to", ())
            if direction == "ingress" and peers and not (peers := _without_kubelet(peers)):
                continue
            yield direction, read_peers(peers, dns), PolicyPorts.of(rule.get("ports", ()), dns.ports)


def _without_kubelet(peers: Iterable[Selector]) -> list[Selector]:
    """Return the peers of an ingress rule without the address of Istio's that only the pod's own node has."""
    return [peer for peer in peers if peer.get("ipBlock") != {"cidr": AMBIENT_PROBES}]


def _directions(spec: Object) -> tuple[Direction, ...]:
    """Return the policyTypes of a policy. Default: ingress, and egress if the policy has egress rules."""
    types = spec.get("policyTypes") or (["Ingress", "Egress"] if "egress" in spec else ["Ingress"])
    return tuple(direction for direction in DIRECTIONS if direction.capitalize() in types)
