"""Network policies, compared with a plain evaluation of each policy for each pair of pods."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from check.samples import container, resource, template
from environment_check import facts_of, split
from examples import FEW
from floe_compiler.check.index import build_index
from floe_compiler.check.summary import summarize
from floe_compiler.link.environment import Environment
from floe_compiler.link.reachability import Reachability
from floe_compiler.model.bit_sets import numbers_in, to_bits
from floe_compiler.model.objects import Object, ObjectSet
from floe_compiler.model.policy_ports import ANY_PORT
from floe_compiler.model.rendered import Connection, PodGroup, Rendered
from floe_compiler.model.selectors import matches

NAMESPACES = ("one", "two")
PORTS = (80, 81, 82)


@given(st.sets(st.integers(0, 200)))
@FEW
def test_a_set_is_stored_as_bits(numbers: set[int]) -> None:
    assert list(numbers_in(to_bits(numbers))) == sorted(numbers)


LABELS = st.dictionaries(st.sampled_from(["app", "tier"]), st.sampled_from(["a", "b"]), max_size=2)
SELECTORS = LABELS.map(lambda labels: {"matchLabels": labels} if labels else {})
PLACES = st.sampled_from([{}, *({"matchLabels": {"kubernetes.io/metadata.name": name}} for name in NAMESPACES)])
PEERS = st.fixed_dictionaries({"podSelector": SELECTORS}, optional={"namespaceSelector": PLACES})
PORT = st.sampled_from(
    [
        {"port": 80},
        {"port": 81, "protocol": "TCP"},
        {"port": 81, "protocol": "UDP"},
        {"port": "web"},
        {"protocol": "TCP"},
        {"port": 80, "endPort": 81},
    ]
)
RULE_LISTS = st.lists(st.tuples(st.lists(PEERS, max_size=2), st.lists(PORT, max_size=2)), max_size=2)
POLICIES = st.tuples(st.sampled_from(NAMESPACES), SELECTORS, st.sampled_from(["ingress", "egress"]), RULE_LISTS)
PODS = st.tuples(st.sampled_from(NAMESPACES), LABELS, st.sampled_from([80, 81]))


def environment(pods: list[Any], policies: list[Any]) -> Environment:
    """Return the environment of pods, each with its own number for the port `web`, and policies."""
    objects = [resource("v1", "Namespace", name, "") for name in NAMESPACES]
    for number, (namespace, labels, port) in enumerate(pods):
        main = container("main", ports=[{"name": "web", "containerPort": port}])
        pod = template("x", main)
        pod["metadata"]["labels"] = labels
        objects.append(resource("apps/v1", "DaemonSet", f"d{number}", namespace, spec={"template": pod}))
        objects[-1]["spec"]["selector"] = {}
    for number, (namespace, selector, direction, rules) in enumerate(policies):
        field = "from" if direction == "ingress" else "to"
        spec: Object = {"podSelector": selector, "policyTypes": [direction.capitalize()]}
        spec[direction] = [
            ({field: peers} if peers else {}) | ({"ports": ports} if ports else {}) for peers, ports in rules
        ]
        objects.append(resource("networking.k8s.io/v1", "NetworkPolicy", f"p{number}", namespace, spec=spec))
    # Ranges are expanded to the ports in use.
    used = frozenset(Connection(PodGroup("one", "x"), PodGroup("one", "x"), port) for port in PORTS)
    rendered = Rendered("dev", ObjectSet.of(objects), connections=used)
    return Environment.of(facts_of(rendered), [summarize(build_index(unit)) for unit in split(rendered).values()])


def positions(pods: list[Any]) -> list[tuple[Any, tuple[str, int]]]:
    """Return the pods with the unit and position by which the environment knows them."""
    order = sorted(range(len(pods)), key=lambda number: (pods[number][0], f"d{number}"))
    counts = dict.fromkeys(NAMESPACES, -1)
    positions_ = []
    for number in order:
        namespace = pods[number][0]
        counts[namespace] += 1
        positions_.append((pods[number], (namespace, counts[namespace])))
    return positions_


def allows(policies: list[Any], direction: str, subject: Any, peer: Any, receiver: Any, port: tuple[str, int]) -> bool:
    """Evaluate policies one by one: return whether they let `subject` talk with `peer` in one direction."""
    governing = [
        rules
        for namespace, selector, of, rules in policies
        if of == direction and namespace == subject[0] and matches(selector, subject[1])
    ]
    return not governing or any(
        _peer_fits(peers, subject[0], peer) and _port_fits(ports, receiver, port)
        for rules in governing
        for peers, ports in rules
    )


def _peer_fits(peers: list[Any], namespace: str, peer_pod: Any) -> bool:
    def fits(peer: Any) -> bool:
        if "namespaceSelector" in peer:
            place = matches(peer["namespaceSelector"], {"kubernetes.io/metadata.name": peer_pod[0]})
        else:
            place = peer_pod[0] == namespace
        return place and matches(peer["podSelector"], peer_pod[1])

    return not peers or any(fits(peer) for peer in peers)


def _port_fits(ports: list[Any], receiver: Any, port: tuple[str, int]) -> bool:
    def fits(entry: Any) -> bool:
        first_port = receiver[2] if entry.get("port") == "web" else entry.get("port", port[1])
        last = entry.get("endPort", first_port)
        return entry.get("protocol", "TCP") == port[0] and bool(first_port <= port[1] <= last)

    return not ports or any(fits(policy_port) for policy_port in ports)


@given(st.lists(PODS, min_size=1, max_size=4), st.lists(POLICIES, max_size=4))
@FEW
def test_reachability_agrees_with_a_plain_reading_of_policies(pods: list[Any], policies: list[Any]) -> None:
    reach = Reachability(environment(pods, policies))
    for sender, source in positions(pods):
        for receiver, target in positions(pods):
            for port in [("TCP", number) for number in PORTS] + [("UDP", 81)]:
                expected = allows(policies, "egress", sender, receiver, receiver, port)
                assert bool(reach.may_send(source[0], target, port) >> source[1] & 1) is expected
                expected = allows(policies, "ingress", receiver, sender, receiver, port)
                assert bool(reach.may_reach(source[0], target, port) >> source[1] & 1) is expected


@given(st.lists(PODS, min_size=1, max_size=4), st.lists(POLICIES, max_size=4))
@FEW
def test_undeclared_connections_agree_with_a_plain_reading_of_policies(pods: list[Any], policies: list[Any]) -> None:
    linked = environment(pods, policies)
    reach = Reachability(linked)
    opened = list(reach.undeclared())
    for _, (unit, target) in positions(pods):
        for _, (own, source) in positions(pods):
            isolated_out, isolated_in = linked.units[own].network.isolated_out, linked.units[unit].network.isolated_in
            if isolated_out >> source & isolated_in >> target & 1:
                known = {
                    port
                    for sender, port, receiver, (sources, targets) in opened
                    if (sender, receiver) == (own, unit) and sources >> source & targets >> target & 1
                }
                for port in [("TCP", number) for number in PORTS]:
                    reachable = reach.may_send(own, (unit, target), port) & reach.may_reach(own, (unit, target), port)
                    assert bool(reachable >> source & 1) is bool(known & {port, ("TCP", ANY_PORT)})
