"""The pods of a unit, and those policies and connections that concern pods."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator

from floe_compiler.check.index import Index
from floe_compiler.check.network.known_ports import known_ports, named_ports
from floe_compiler.check.network.peers import EVERYWHERE, Peers
from floe_compiler.check.network.policies import PolicyRule
from floe_compiler.check.references.ingresses import backend_ports, backends, backends_of_route
from floe_compiler.model.annotations import EXTERNAL_REFERENCES, listed
from floe_compiler.model.bit_sets import Bits, encodable, to_bits
from floe_compiler.model.custom_resources import GATEWAY
from floe_compiler.model.label_index import label_bits
from floe_compiler.model.policy_ports import ANY_PORT, PolicyPorts
from floe_compiler.model.rendered import External, PodGroup
from floe_compiler.model.summary import Call, Direction, Door, LostCall, Network, Opening, Pods, Subject


def network(index: Index) -> Network:
    """Return the network facts of a unit."""
    policies = index.policies
    return Network(
        pods=tuple(Pods(pods.group.name, Subject.of(pods.about)) for pods in index.pods.all),
        labels={key: encodable(sets) for key, sets in label_bits(pods.labels for pods in index.pods.all).items()},
        isolated_in=Bits(policies.isolated["ingress"]),
        isolated_out=Bits(policies.isolated["egress"]),
        ports=known_ports(index),
        named_ports={
            protocol: {name: encodable(sets) for name, sets in names.items()}
            for protocol, names in named_ports(index).items()
        },
        ingress=_openings(index, "ingress"),
        egress=_openings(index, "egress"),
        calls=_calls(index, _pods),
        lost_calls=tuple(sorted(_lost_calls(index))),
        doors=tuple(sorted(set(_doors(index)))),
        ingress_ports=_ingress_ports(index),
        external=_external(index),
        foreign_calls=_calls(index, _foreign),
    )


def _openings(index: Index, direction: Direction) -> tuple[Opening, ...]:
    """Return the rules with pods (or, for ingress, anyone) as peers; equal rules are merged."""
    alike: dict[tuple[Peers, PolicyPorts], dict[str, int]] = defaultdict(dict)
    for rule in index.policies.rules:
        if rule.direction == direction and _concerns_others(rule):
            policies = alike[rule.peers, rule.ports]
            policies[rule.policy.name] = policies.get(rule.policy.name, 0) | rule.pods
    return tuple(
        Opening(peers.pods, ports, encodable(policies), peers.everyone, bool(peers.blocks), EVERYWHERE in peers.blocks)
        for (peers, ports), policies in alike.items()
    )


def _concerns_others(rule: PolicyRule) -> bool:
    return bool(rule.peers.pods) or rule.peers.everyone or (rule.direction == "ingress" and bool(rule.peers.blocks))


def _calls(index: Index, called: Callable[[object], tuple[str, str] | None]) -> tuple[Call, ...]:
    """Return the declared connections to what is `called`: a namespace, and a name in it."""
    calls: dict[tuple[str, str, str, int], dict[str, int]] = defaultdict(dict)
    for connection in sorted(index.rendered.connections, key=str):
        source = connection.source
        if target := called(connection.target):
            sources = calls[*target, connection.protocol, connection.port]
            sources[source.name] = to_bits(index.pods.of_group(source))
    return tuple(Call(*target, encodable(sources)) for target, sources in sorted(calls.items()))


def _pods(target: object) -> tuple[str, str] | None:
    return (target.namespace, target.name) if isinstance(target, PodGroup) else None


def _foreign(target: object) -> tuple[str, str] | None:
    return (target.namespace, target.host) if isinstance(target, External) and target.namespace else None


def _lost_calls(index: Index) -> Iterator[LostCall]:
    for connection in index.rendered.connections:
        if not index.pods.of_group(connection.source):
            target = connection.target.host if isinstance(connection.target, External) else str(connection.target)
            yield LostCall(connection.source.name, target, connection.protocol, connection.port)


def _doors(index: Index) -> Iterator[Door]:
    """Yield the pods behind Ingresses and routes if policies name all namespaces that may reach them."""
    ingresses = ((identity, backends(ingress)) for identity, ingress in index.of("networking.k8s.io", "Ingress"))
    routes = ((identity, backends_of_route(route)) for identity, route in index.of(GATEWAY, "GRPCRoute", "HTTPRoute"))
    for identity, reached in (*ingresses, *routes):
        for backend in dict.fromkeys(reached):
            for position, number in backend_ports(index, identity.namespace, backend):
                namespaces = _may_reach(index, position, number)
                if namespaces is not None:
                    group = index.pods.all[position].group.name
                    yield Door(Subject.of(identity), group, number, namespaces)


def _may_reach(index: Index, position: int, number: int) -> tuple[str, ...] | None:
    """Return the namespaces that may reach pods on a port; None if not all are named."""
    if not index.policies.isolated["ingress"] >> position & 1:
        return None
    known, named, namespaces = known_ports(index), named_ports(index), set[str]()
    for rule in index.policies.rules:
        if rule.direction == "ingress" and rule.pods >> position & 1:
            ports = dict(rule.ports.received(1 << position, known, named))
            if ("TCP", number) in ports or ("TCP", ANY_PORT) in ports:
                if rule.peers.any_elsewhere:
                    return None
                namespaces.update(rule.peers.named_elsewhere)
    return tuple(sorted(namespaces))


def _ingress_ports(index: Index) -> dict[int, tuple[int, ...]]:
    ports: dict[int, set[int]] = defaultdict(set)
    for group, number in index.rendered.ingress_groups:
        for position in index.pods.of_group(group):
            ports[position].add(number)
    return {position: tuple(sorted(numbers)) for position, numbers in sorted(ports.items())}


def _external(index: Index) -> dict[str, tuple[str, ...]]:
    """Return, by policy, the namespaces that its annotation declares as external."""
    external = {}
    for identity, manifest in index.of("networking.k8s.io", "NetworkPolicy"):
        names = [
            item.removeprefix("Namespace/") for item in listed(manifest, EXTERNAL_REFERENCES) if "Namespace/" in item
        ]
        if names:
            external[identity.name] = tuple(sorted(names))
    return external
