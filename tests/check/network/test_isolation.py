"""Default-deny, DNS and Ingresses."""

from __future__ import annotations

from typing import Any

import pytest

from check.samples import sample
from floe_compiler.check.network.isolation import check
from floe_compiler.link import ingresses as linked_ingresses
from floe_compiler.model.inputs import Dns
from tables import table

CHECKS = (check, linked_ingresses.check)


def namespace(name: str) -> dict[str, Any]:
    return {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}}


@pytest.mark.parametrize(
    ("spec", "missing"),
    [
        ({"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}, ""),
        ({"podSelector": {}, "policyTypes": ["Egress"]}, "Ingress"),
        ({"podSelector": {}, "policyTypes": ["Ingress"]}, ""),  # the policy for DNS denies the rest of egress
        ({"podSelector": {}}, ""),
        ({"podSelector": {"matchLabels": {"a": "b"}}, "policyTypes": ["Ingress", "Egress"]}, "Ingress"),
    ],
)
def test_all_pods_are_denied_by_default(spec: dict[str, Any], missing: str) -> None:
    platform = sample()
    platform["NetworkPolicy/default-deny"]["spec"] = spec
    message = f"no NetworkPolicy denies {missing} to all of its pods"
    assert platform.findings(*CHECKS) == ([("C060", "Namespace floe-platform", message)] if missing else [])


def test_without_any_policy_both_are_missing() -> None:
    platform = sample()
    platform.objects = {
        key: manifest for key, manifest in platform.objects.items() if manifest["kind"] != "NetworkPolicy"
    }
    assert platform.findings(*CHECKS) == [
        ("C060", "Namespace floe-platform", "no NetworkPolicy denies Ingress and Egress to all of its pods")
    ]


def test_a_namespace_without_pods_needs_no_policy() -> None:
    platform = sample()
    platform.copy_of("Namespace/floe-platform", "empty")
    assert platform.findings(*CHECKS) == []


@pytest.mark.parametrize(
    ("ports", "missing"),
    [
        ([{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}], ""),
        ([{"port": 53, "protocol": "UDP"}], "TCP"),
        ([{"port": 53}], "UDP"),
        ([{"port": 5353, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}], "UDP"),
        ([{"port": "dns", "protocol": "UDP"}, {"port": "dns-tcp", "protocol": "TCP"}], ""),
        ([{"protocol": "UDP"}, {"protocol": "TCP"}], ""),
        ([], ""),
    ],
)
def test_pods_ask_dns_by_udp_and_tcp(ports: list[dict[str, Any]], missing: str) -> None:
    platform = sample()
    platform["NetworkPolicy/dns"]["spec"]["egress"][0]["ports"] = ports
    findings = platform.findings(*CHECKS)
    assert len(findings) == (6 if missing else 0)  # one for each workload, and one for the launched pods
    assert {(code, message) for code, _, message in findings} <= {
        ("C063", f"no policy lets its pods query DNS over {missing}")
    }


@pytest.mark.parametrize(
    ("peer", "fine"),
    [
        ({"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}}, True),
        ({"namespaceSelector": {}}, True),
        ({"namespaceSelector": {}, "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}}}, True),
        ({"namespaceSelector": {}, "podSelector": {"matchLabels": {"k8s-app": "coredns"}}}, False),
        ({"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "dns"}}}, False),
        ({"podSelector": {}}, False),
        ({"ipBlock": {"cidr": "169.254.20.10/32"}}, True),
    ],
)
def test_the_dns_policy_must_select_the_dns_of_the_cluster(peer: dict[str, Any], fine: bool) -> None:
    platform = sample()
    platform["NetworkPolicy/dns"]["spec"]["egress"][0]["to"] = [peer]
    assert bool(platform.findings(*CHECKS)) is not fine


OPENSHIFT = namespace("openshift-dns")
ROUTER = {"matchLabels": {"dns.operator.openshift.io/daemonset-dns": "default"}}


@table(
    "dns, peer, port, fine",
    [
        ({"preset": "openshift"}, OPENSHIFT, 5353, True),
        ({"preset": "openshift"}, {**OPENSHIFT, "podSelector": ROUTER}, 5353, True),
        ({"preset": "openshift"}, {**OPENSHIFT, "podSelector": {"matchLabels": {"app": "x"}}}, 5353, False),
        ({"preset": "openshift"}, OPENSHIFT, "dns", True),
        ({"preset": "openshift"}, OPENSHIFT, 53, False),
        ({"preset": "openshift"}, namespace("kube-system"), 5353, False),
        ({"preset": "openshift", "ports": [5353, 53]}, OPENSHIFT, 53, False),
        ({"namespaces": ["dns"]}, namespace("dns"), 53, True),
        ({"namespaces": ["dns"]}, {**namespace("dns"), "podSelector": {"matchLabels": {"app": "x"}}}, 53, True),
        ({"preset": "node-local"}, namespace("kube-system"), 53, True),
    ],
)
def test_dns_may_be_elsewhere_if_the_environment_configures_it(
    dns: dict[str, Any], peer: dict[str, Any], port: Any, fine: bool
) -> None:
    platform = sample()
    platform.facts["dns"] = Dns.model_validate(dns).servers
    rule = platform["NetworkPolicy/dns"]["spec"]["egress"][0]
    rule |= {"to": [peer], "ports": [{"port": port, "protocol": protocol} for protocol in ("UDP", "TCP")]}
    findings = platform.findings(*CHECKS)
    assert {code for code, _, _ in findings} == (set() if fine else {"C063"})


def test_the_hint_says_where_dns_is() -> None:
    platform = sample()
    platform.facts["dns"] = Dns(preset="openshift").servers
    assert platform.hints(*CHECKS)[0] == "allow egress to namespace openshift-dns on TCP 5353, UDP 5353"


def test_dns_for_some_pods_only_is_reported() -> None:
    platform = sample()
    platform["NetworkPolicy/dns"]["spec"]["podSelector"] = {"matchLabels": {"app.kubernetes.io/name": "polaris"}}
    assert "Deployment.apps floe-platform/polaris" not in [subject for _, subject, _ in platform.findings(*CHECKS)]
    assert "floe-platform/dagster-run" in [subject for _, subject, _ in platform.findings(*CHECKS)]


@pytest.mark.parametrize("port", [{"port": 80}, {"port": "http"}, {"port": 3000, "protocol": "UDP"}])
def test_an_ingress_to_isolated_pods_is_reported(port: dict[str, Any]) -> None:
    platform = sample()
    platform["NetworkPolicy/dagster-ui"]["spec"]["ingress"][0]["ports"] = [port]
    message = "no policy lets the ingress controller reach floe-platform/dagster on port 3000"
    assert platform.findings(*CHECKS) == [("C065", "Ingress.networking.k8s.io floe-platform/dagster", message)]


def test_an_ingress_may_name_the_port_by_number() -> None:
    platform = sample()
    platform["Service/dagster"]["spec"]["ports"] = [{"name": "web", "port": 80, "targetPort": 3000}]
    path = platform["Ingress/dagster"]["spec"]["rules"][0]["http"]["paths"][0]
    path["backend"]["service"]["port"] = {"number": 80}
    assert platform.findings(*CHECKS) == []
    platform["NetworkPolicy/dagster-ui"]["spec"]["ingress"] = []
    assert [code for code, _, _ in platform.findings(*CHECKS)] == ["C065"]


def test_an_ingress_to_pods_that_only_their_namespace_reaches_is_reported() -> None:
    platform = sample()
    platform["NetworkPolicy/dagster-ui"]["spec"]["ingress"][0]["from"] = [{"podSelector": {}}]
    assert [code for code, _, _ in platform.findings(*CHECKS)] == ["C065"]


def test_ingress_from_dns_is_not_egress_to_it() -> None:
    platform = sample()
    spec = platform["NetworkPolicy/dns"]["spec"]
    rule = spec.pop("egress")[0]
    spec |= {"policyTypes": ["Ingress"], "ingress": [{"from": rule["to"], "ports": rule["ports"]}]}
    assert {code for code, _, _ in platform.findings(*CHECKS)} == {"C063"}


def test_an_ingress_to_pods_that_everyone_reaches_is_accepted() -> None:
    platform = sample()
    platform["NetworkPolicy/dagster-ui"]["spec"]["ingress"][0]["from"] = [{"ipBlock": {"cidr": "10.0.0.0/8"}}]
    assert platform.findings(*CHECKS) == []


def test_egress_rules_do_not_open_an_ingress() -> None:
    platform = sample()
    platform["NetworkPolicy/dagster-ui"]["spec"]["ingress"] = []
    rule = {"to": [{"namespaceSelector": {}}], "ports": [{"port": 3000}]}
    platform["NetworkPolicy/backup-out"]["spec"]["egress"].append(rule)
    assert [code for code, _, _ in platform.findings(*CHECKS)] == ["C065"]
