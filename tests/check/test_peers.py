"""Whom the rules of NetworkPolicies mean."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import pytest

from check.samples import NAMESPACE, sample
from floe_compiler.check.bits import numbers_in
from floe_compiler.check.index import build_index
from floe_compiler.check.peers import Block, PeerReader, Peers, named_namespaces, within
from floe_compiler.check.policies import read_policies

NAME = "kubernetes.io/metadata.name"


def read(peers: list[dict[str, Any]], namespace: str = NAMESPACE) -> tuple[list[str], Peers]:
    index = build_index(sample().rendered())
    found = PeerReader(index).read(namespace, peers)
    return [index.pods.all[position].group.name for position in numbers_in(found.pods)], found


def named(*names: str) -> dict[str, Any]:
    return {"namespaceSelector": {"matchExpressions": [{"key": NAME, "operator": "In", "values": list(names)}]}}


def test_no_peers_are_everyone() -> None:
    names, found = read([])
    assert names == ["dagster", "polaris", "postgres", "backup", "migrate", "dagster-run"]
    assert (found.dns, found.elsewhere, [str(block.network) for block in found.blocks]) == (True, True, ["0.0.0.0/0"])


@pytest.mark.parametrize(
    ("peer", "pods", "dns", "elsewhere"),
    [
        ({"podSelector": {}}, 6, False, False),
        ({"podSelector": {"matchLabels": {"app.kubernetes.io/name": "polaris"}}}, 1, False, False),
        ({"namespaceSelector": {}}, 6, True, True),
        (named(NAMESPACE), 6, False, False),
        (named(NAMESPACE, "kube-system"), 6, True, True),
        (named("monitoring"), 0, False, True),
        ({"namespaceSelector": {"matchLabels": {"app.kubernetes.io/part-of": "acme"}}}, 6, False, True),
        ({"namespaceSelector": {"matchLabels": {NAME: NAMESPACE}}}, 6, False, False),
        ({"ipBlock": {"cidr": "10.0.0.0/8"}}, 0, True, False),
        ({"ipBlock": {"cidr": "10.0.0.1/8", "except": ["10.1.0.1/16"]}}, 0, True, False),
        ({"ipBlock": {"cidr": "no range"}}, 0, True, False),
    ],
)
def test_one_peer(peer: dict[str, Any], pods: int, dns: bool, elsewhere: bool) -> None:
    names, found = read([peer])
    assert (len(names), found.dns, found.elsewhere) == (pods, dns, elsewhere)


def test_several_peers_add_up() -> None:
    polaris = {"podSelector": {"matchLabels": {"app.kubernetes.io/name": "polaris"}}}
    names, found = read([polaris, {"ipBlock": {"cidr": "10.0.0.0/8"}}, named("monitoring")])
    assert (names, found.dns, found.elsewhere, len(found.blocks)) == (["polaris"], True, True, 1)


def test_the_same_words_mean_other_pods_in_another_namespace() -> None:
    reader = PeerReader(build_index(sample().rendered()))
    assert reader.read(NAMESPACE, [{"podSelector": {}}]).pods
    assert not reader.read("elsewhere", [{"podSelector": {}}]).pods
    assert reader.read("elsewhere", [{"namespaceSelector": {}, "podSelector": {}}]).pods
    assert reader.read("elsewhere", [{"ipBlock": {"cidr": "10.0.0.0/8"}}]).blocks


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
def test_ranges_within_ranges(inner: str, outer: str, fits: bool) -> None:
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
def test_what_a_policy_governs(spec: dict[str, Any], denied: list[str]) -> None:
    platform = sample()
    platform.objects = {key: one for key, one in platform.objects.items() if one["kind"] != "NetworkPolicy"}
    policy = sample()["NetworkPolicy/default-deny"]
    policy["spec"] = {"podSelector": {}, **spec}
    platform.add(policy)
    read = read_policies(build_index(platform.rendered()))
    assert sorted(direction for direction, names in read.denying.items() if names) == denied
    assert sorted(direction for direction, pods in read.isolated.items() if pods) == denied


@pytest.mark.parametrize(
    ("peer", "foreign", "unnamed"),
    [
        ({"podSelector": {}}, set(), False),
        ({"namespaceSelector": {}}, set(), True),
        (named(NAMESPACE, "kube-system", "monitoring"), {"kube-system", "monitoring"}, False),
        ({"namespaceSelector": {"matchLabels": {"app.kubernetes.io/part-of": "acme"}}}, set(), False),
        ({"namespaceSelector": {"matchLabels": {"app.kubernetes.io/part-of": "other"}}}, set(), True),
        ({"namespaceSelector": {"matchExpressions": [{"key": "a", "operator": "DoesNotExist"}]}}, set(), True),
        ({"ipBlock": {"cidr": "10.0.0.0/8"}}, set(), False),
    ],
)
def test_strangers(peer: dict[str, Any], foreign: set[str], unnamed: bool) -> None:
    for peers in ([peer], [peer, {"podSelector": {}}]):
        found = read(peers)[1]
        assert (set(found.foreign), found.unnamed) == (foreign, unnamed)
    assert read([])[1].unnamed
