"""Network policies and the pods of namespaces that are not of the environment."""

from __future__ import annotations

from typing import Any

import pytest

from check.samples import DAGSTER, policy, sample, selector
from floe_compiler.check.network import outside
from floe_compiler.link.strangers import check

CHECKS = (outside.check, check)
NAME = "kubernetes.io/metadata.name"
EVERY_NAMESPACE: dict[str, Any] = {"namespaceSelector": {}}
MONITORING = {"namespaceSelector": {"matchLabels": {NAME: "monitoring"}}}
ANY_ADDRESS = {"ipBlock": {"cidr": "0.0.0.0/0"}}
UNNAMED = "pods of namespaces that it does not name"
OPEN = "NetworkPolicy.networking.k8s.io floe-platform/open"


def select(**selector: Any) -> dict[str, Any]:
    """Return the pods of the namespaces that a selector selects."""
    return {"namespaceSelector": selector}


@pytest.mark.parametrize(
    ("peers", "who"),
    [
        ({}, "everyone"),
        ({"from": []}, "everyone"),
        ({"from": [ANY_ADDRESS]}, "addresses outside the cluster"),
        ({"from": [EVERY_NAMESPACE]}, UNNAMED),
        ({"from": [{**EVERY_NAMESPACE, "podSelector": {"matchLabels": {"app": "prometheus"}}}]}, UNNAMED),
        ({"from": [select(matchExpressions=[{"key": NAME, "operator": "Exists"}])]}, UNNAMED),
        ({"from": [select(matchExpressions=[{"key": NAME, "operator": "NotIn", "values": ["a"]}])]}, UNNAMED),
        ({"from": [select(matchLabels={"team": "observability"})]}, UNNAMED),
        ({"from": [MONITORING]}, "pods of namespace monitoring"),
    ],
)
def test_a_way_in_for_strangers(peers: dict[str, Any], who: str) -> None:
    platform = sample()
    rule = {**peers, "ports": [{"port": 8181}]}
    platform.add(policy("open", "ingress", selector("polaris"), [rule]))
    message = f"it lets {who} reach floe-platform/polaris on TCP 8181"
    assert platform.findings(*CHECKS) == [("C068", OPEN, message)]


@pytest.mark.parametrize(
    "peer",
    [
        {"podSelector": {}},
        select(matchLabels={NAME: "ingress-nginx"}),
        select(matchLabels={NAME: "floe-platform"}),
        select(matchLabels={"app.kubernetes.io/part-of": "acme"}),
    ],
)
def test_the_environment_and_the_ingress_controller_are_no_strangers(peer: dict[str, Any]) -> None:
    platform = sample()
    platform.add(policy("open", "ingress", selector("polaris"), [{"from": [peer]}]))
    assert platform.findings(*CHECKS) == []


def test_one_opening_is_one_finding_whatever_the_pods() -> None:
    platform = sample()
    platform.add(policy("open", "ingress", {}, [{"from": [EVERY_NAMESPACE]}]))
    groups = ", ".join(f"floe-platform/{name}" for name in ("dagster", "polaris", "postgres", "backup", "migrate"))
    message = f"it lets {UNNAMED} reach {groups} and 1 more on all ports"
    assert platform.findings(*CHECKS) == [("C068", OPEN, message)]
    assert platform.hints(*CHECKS) == [f"name the namespaces that may, each by its label {NAME}"]


def test_pods_with_other_ports_are_another_finding() -> None:
    platform = sample()
    platform.add(policy("open", "ingress", {}, [{"from": [EVERY_NAMESPACE], "ports": [{"port": "main"}]}]))
    assert [message for _, _, message in platform.findings(*CHECKS)] == [
        f"it lets {UNNAMED} reach floe-platform/{name} on TCP {port}"
        for name, port in (("dagster", 3000), ("polaris", 8181), ("postgres", 5432))
    ]


@pytest.mark.parametrize(
    ("peers", "who"),
    [
        ({"from": [ANY_ADDRESS]}, ""),
        ({"from": [select(matchLabels={NAME: "ingress-nginx"})]}, ""),
        ({}, "everyone"),
        ({"from": [EVERY_NAMESPACE]}, UNNAMED),
        ({"from": [EVERY_NAMESPACE, {"ipBlock": {"cidr": "10.0.0.0/8"}}]}, UNNAMED),
        ({"from": [MONITORING]}, "pods of namespace monitoring"),
    ],
)
def test_what_is_open_to_the_ingress_controller_may_be_open_to_addresses_only(peers: dict[str, Any], who: str) -> None:
    platform = sample()
    platform.add(policy("open", "ingress", selector("dagster"), [{**peers, "ports": [{"port": 3000}]}]))
    message = f"it lets {who} reach floe-platform/dagster on TCP 3000"
    assert platform.findings(*CHECKS) == ([("C068", OPEN, message)] if who else [])


def test_only_the_ports_that_the_ingress_controller_reaches() -> None:
    platform = sample()
    platform.add(policy("open", "ingress", selector("dagster"), [{"from": [ANY_ADDRESS], "ports": [{"port": 3000}]}]))
    platform.facts["ingress_groups"] = frozenset({(DAGSTER, 80)})
    assert [code for code, _, _ in platform.findings(*CHECKS)] == ["C068"]


@pytest.mark.parametrize(
    ("rule", "who", "where"),
    [
        ({"to": [EVERY_NAMESPACE]}, UNNAMED, "all ports"),
        ({"to": [MONITORING], "ports": [{"port": 53}, {"port": 9091}]}, "pods of namespace monitoring", "TCP 9091"),
        ({"to": [select(matchLabels={NAME: "kube-system"})], "ports": [{"port": 53, "protocol": "UDP"}]}, "", ""),
        ({"to": [EVERY_NAMESPACE], "ports": [{"port": "dns", "protocol": "UDP"}]}, "", ""),
        ({"to": [select(matchLabels={NAME: "floe-platform"})]}, "", ""),
    ],
)
def test_a_way_out_to_strangers(rule: dict[str, Any], who: str, where: str) -> None:
    platform = sample()
    platform.add(policy("open", "egress", selector("polaris"), [rule]))
    message = f"it lets floe-platform/polaris send to {who} on {where}"
    assert platform.findings(*CHECKS) == ([("C066", OPEN, message)] if who else [])


@pytest.mark.parametrize(("direction", "peers"), [("ingress", "from"), ("egress", "to")])
def test_a_namespace_that_is_somebody_elses_can_be_let_in(direction: str, peers: str) -> None:
    platform = sample()
    opening = platform.add(policy("open", direction, selector("polaris"), [{peers: [MONITORING]}]))
    annotation = "floe.dev/external-references"
    assert platform.hints(*CHECKS) == [f'if that is meant, annotate the policy: "{annotation}: Namespace/monitoring"']
    opening["metadata"]["annotations"] = {annotation: "Namespace/monitoring"}
    assert platform.findings(*CHECKS) == []


def test_without_an_ingress_controller_the_hint_says_how_to_name_it() -> None:
    platform = sample()
    platform.facts["ingress_namespace"] = ""
    ((code, _, message),) = platform.findings(*CHECKS)
    assert (code, message) == (
        "C068",
        "it lets pods of namespace ingress-nginx reach floe-platform/dagster on TCP 3000",
    )
    assert "cluster.ingress_namespace" in platform.hints(*CHECKS)[0]
