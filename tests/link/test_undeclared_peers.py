"""Namespaces that policies name: those of the environment, and others."""

from __future__ import annotations

import pytest

from check.samples import NAMESPACE, Platform
from floe_compiler.link.undeclared_peers import check
from link.two_namespaces import DOMAIN, in_namespace, two_namespaces

IN = "NetworkPolicy.networking.k8s.io floe-platform/polaris-in"
OUT = "NetworkPolicy.networking.k8s.io sales/report-out"


def opened(namespace: str) -> Platform:
    """Return the platform with egress of the domain and ingress of the catalog, to and from a namespace."""
    platform = two_namespaces()
    way_out = {"to": [in_namespace(namespace)], "ports": [{"port": 80}]}
    platform["NetworkPolicy/report-out"]["spec"]["egress"].append(way_out)
    way_in = {"from": [in_namespace(namespace)], "ports": [{"port": 8181}]}
    platform["NetworkPolicy/polaris-in"]["spec"]["ingress"].append(way_in)
    return platform


@pytest.mark.parametrize("namespace", [DOMAIN, NAMESPACE])
def test_namespaces_of_the_environment_are_accepted(namespace: str) -> None:
    assert opened(namespace).findings(check) == []


def test_an_unknown_namespace_is_reported() -> None:
    assert opened("monitoring").findings(check) == [
        ("C068", IN, "it lets pods of namespace monitoring reach floe-platform/polaris on TCP 8181"),
        ("C066", OUT, "it lets sales/report send to pods of namespace monitoring on TCP 80"),
    ]


def test_a_declared_external_namespace_is_accepted() -> None:
    platform = opened("monitoring")
    for key in ("NetworkPolicy/report-out", "NetworkPolicy/polaris-in"):
        note = {"floe.dev/external-references": "Namespace/monitoring"}
        platform[key]["metadata"]["annotations"] = note
    assert platform.findings(check) == []


def test_labels_of_an_existing_namespace_are_accepted() -> None:
    platform = two_namespaces()
    by_label = {"namespaceSelector": {"matchLabels": {"app.kubernetes.io/name": DOMAIN}}}
    rule = {"from": [by_label], "ports": [{"port": 8181}]}
    platform["NetworkPolicy/polaris-in"]["spec"]["ingress"].append(rule)
    assert platform.findings(check) == []
    by_label["namespaceSelector"]["matchLabels"]["app.kubernetes.io/name"] = "other"
    message = "it lets pods of namespaces that it does not name reach floe-platform/polaris on TCP 8181"
    assert platform.findings(check) == [("C068", IN, message)]


def test_the_probe_address_of_a_service_mesh_is_accepted() -> None:
    for cidr, strangers in (("169.254.7.127/32", 0), ("169.254.7.126/32", 1), ("169.254.7.0/24", 1)):
        platform = two_namespaces()
        platform["NetworkPolicy/polaris-in"]["spec"]["ingress"].append({"from": [{"ipBlock": {"cidr": cidr}}]})
        messages = [message for code, _, message in platform.findings(check) if code == "C068"]
        assert len(messages) == strangers, cidr


def test_other_peers_beside_the_probe_address_are_checked() -> None:
    platform = two_namespaces()
    peers = [{"ipBlock": {"cidr": "169.254.7.127/32"}}, in_namespace("elsewhere")]
    platform["NetworkPolicy/polaris-in"]["spec"]["ingress"].append({"from": peers, "ports": [{"port": 8181}]})
    assert [code for code, _, _ in platform.findings(check)] == ["C068"]
