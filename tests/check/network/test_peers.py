"""The peers of NetworkPolicies' rules."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import pytest

from check.samples import sample
from floe_compiler.check.index import build_index
from floe_compiler.check.network.peers import EVERYWHERE, Peers, named_namespaces, read_peers
from floe_compiler.model.addresses import Block, within
from floe_compiler.model.label_index import EVERYTHING, LabelSelector
from floe_compiler.model.summary import Peer

NAME = "kubernetes.io/metadata.name"


def named(*names: str) -> dict[str, Any]:
    return {"namespaceSelector": {"matchExpressions": [{"key": NAME, "operator": "In", "values": list(names)}]}}


def test_a_rule_without_peers_matches_everyone() -> None:
    assert read_peers([]) == Peers(blocks=(EVERYWHERE,), dns=True, everyone=True)


POLARIS = {"matchLabels": {"app.kubernetes.io/name": "polaris"}}
TEAM = {"matchLabels": {"team": "a"}}


@pytest.mark.parametrize(
    ("peer", "expected"),
    [
        ({"podSelector": POLARIS}, Peer(LabelSelector.of(POLARIS), own=True)),
        ({"namespaceSelector": {}}, Peer(EVERYTHING, namespaces=EVERYTHING)),
        ({**named("a", "b"), "podSelector": POLARIS}, Peer(LabelSelector.of(POLARIS), names=("a", "b"))),
        ({"namespaceSelector": {"matchLabels": {NAME: "a"}}}, Peer(EVERYTHING, names=("a",))),
        ({"namespaceSelector": TEAM}, Peer(EVERYTHING, namespaces=LabelSelector.of(TEAM))),
        (
            {"namespaceSelector": {**named("a")["namespaceSelector"], **TEAM}},
            Peer(EVERYTHING, names=("a",), namespaces=LabelSelector.of({**named("a")["namespaceSelector"], **TEAM})),
        ),
    ],
)
def test_a_peer_selects_pods_of_its_own_or_of_other_namespaces(peer: dict[str, Any], expected: Peer) -> None:
    assert read_peers([peer]).pods == (expected,)


@pytest.mark.parametrize(
    ("peer", "dns", "elsewhere"),
    [
        ({"podSelector": {}}, False, False),
        ({"namespaceSelector": {}}, True, True),
        (named("kube-system"), True, False),
        ({"namespaceSelector": TEAM}, False, True),
        ({"ipBlock": {"cidr": "10.0.0.0/8"}}, True, True),
        ({"ipBlock": {"cidr": "no range"}}, True, False),
    ],
)
def test_whether_dns_and_others_are_among_the_peers(peer: dict[str, Any], dns: bool, elsewhere: bool) -> None:
    peers = read_peers([peer])
    assert (peers.dns, peers.any_elsewhere) == (dns, elsewhere)


def test_several_peers_add_up() -> None:
    peers = read_peers([{"podSelector": POLARIS}, {"ipBlock": {"cidr": "10.0.0.0/8"}}, named("b"), named("a")])
    assert (len(peers.pods), len(peers.blocks), peers.named_elsewhere) == (3, 1, ("a", "b"))


@pytest.mark.parametrize(
    ("selector", "names"),
    [
        ({}, ()),
        ({"matchLabels": {NAME: "a"}}, ("a",)),
        ({"matchLabels": {"team": "a"}}, ()),
        (named("a", "b")["namespaceSelector"], ("a", "b")),
        ({"matchExpressions": [{"key": NAME, "operator": "NotIn", "values": ["a"]}]}, ()),
        ({"matchExpressions": [{"key": "team", "operator": "In", "values": ["a"]}]}, ()),
    ],
)
def test_namespaces_that_are_named(selector: dict[str, Any], names: tuple[str, ...]) -> None:
    assert named_namespaces(selector) == names


@pytest.mark.parametrize(
    ("inner", "outer", "fits"),
    [
        ("10.1.0.0/16", "10.0.0.0/8", True),
        ("10.0.0.0/8", "10.1.0.0/16", False),
        ("10.0.0.0/8", "10.0.0.0/8", True),
        ("2001:db8::/48", "2001:db8::/32", True),
        ("2001:db8::/32", "2001:db8::/48", False),
        ("10.0.0.0/8", "::/0", False),
        ("::/0", "0.0.0.0/0", False),
    ],
)
def test_a_range_covers_the_ranges_within_it(inner: str, outer: str, fits: bool) -> None:
    assert within(ip_network(inner), ip_network(outer)) is fits


def test_a_range_does_not_cover_what_it_leaves_out() -> None:
    block = Block(ip_network("10.0.0.0/8"), (ip_network("10.1.0.0/16"),))
    assert block.covers(ip_network("10.2.0.0/16"))
    assert not block.covers(ip_network("10.1.2.0/24"))
    assert not block.covers(ip_network("192.168.0.0/16"))


@pytest.mark.parametrize(
    ("spec", "denied"),
    [
        ({}, ["ingress"]),
        ({"egress": []}, ["egress", "ingress"]),
        ({"egress": [], "policyTypes": ["Ingress"]}, ["ingress"]),
        ({"ingress": [], "policyTypes": ["Egress"]}, ["egress"]),
    ],
)
def test_a_policy_applies_to_its_types_only(spec: dict[str, Any], denied: list[str]) -> None:
    platform = sample()
    platform.objects = {
        key: manifest for key, manifest in platform.objects.items() if manifest["kind"] != "NetworkPolicy"
    }
    policy = sample()["NetworkPolicy/default-deny"]
    policy["spec"] = {"podSelector": {}, **spec}
    platform.add(policy)
    read = build_index(platform.rendered()).policies
    assert sorted(read.denying) == denied
    assert sorted(direction for direction, pods in read.isolated.items() if pods) == denied
