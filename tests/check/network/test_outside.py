"""Egress from the cluster, and ingress from outside."""

from __future__ import annotations

from typing import Any

import pytest

from check.samples import BACKUP, DAGSTER, NOT_OUTSIDE, Platform, policy, sample, selector
from floe_compiler.check.network.outside import check
from floe_compiler.link import undeclared_peers as linked_strangers
from floe_compiler.model.addresses import Reach
from floe_compiler.model.label_index import NAMESPACE_NAME
from floe_compiler.model.rendered import Connection, External

CHECKS = (check, linked_strangers.check)

BACKUP_NAME = "CronJob.batch floe-platform/backup"
DAGSTER_NAME = "Deployment.apps floe-platform/dagster"


def with_server(cidr: str, block: dict[str, Any], port: int = 443) -> Platform:
    """Return the platform with one server of the backup, and one range that policies allow it to reach."""
    platform = sample()
    rest = {
        connection
        for connection in platform.facts["connections"]
        if connection.source != BACKUP or connection.port != 443
    }
    platform.facts["connections"] = rest | {Connection(BACKUP, External("s3.example.com", 443, cidr), 443)}
    rule = {"to": [{"ipBlock": block}], "ports": [{"port": port}]}
    platform["NetworkPolicy/buckets"]["spec"]["egress"] = [rule]
    return platform


@pytest.mark.parametrize(
    ("cidr", "block"),
    [
        ("0.0.0.0/0", {"cidr": "0.0.0.0/0", "except": [*NOT_OUTSIDE]}),
        ("10.1.0.0/16", {"cidr": "10.1.0.0/16"}),
        ("10.1.9.9/16", {"cidr": "10.1.9.9/16"}),
        ("10.1.0.0/16", {"cidr": "10.1.0.0/16", "except": ["10.1.9.0/24"]}),
        ("2001:db8::/32", {"cidr": "2001:db8::/32"}),
    ],
)
def test_egress_to_exactly_the_declared_server_is_accepted(cidr: str, block: dict[str, Any]) -> None:
    assert with_server(cidr, block).findings(*CHECKS) == []


def test_a_declared_server_that_no_policy_allows_is_reported() -> None:
    message = "no policy allows egress to s3.example.com (10.1.0.0/16) on TCP 443"
    platform = with_server("10.1.0.0/16", {"cidr": "10.1.2.0/24"})
    assert platform.findings(*CHECKS) == [("C067", BACKUP_NAME, message)]
    platform = with_server("10.1.0.0/16", {"cidr": "10.1.0.0/16", "except": ["10.0.0.0/8"]})
    assert platform.findings(*CHECKS) == [("C067", BACKUP_NAME, message)]


@pytest.mark.parametrize(
    ("namespace", "port", "blocked"),
    [("monitoring", 9090, False), ("other", 9090, True), ("monitoring", 9091, True)],
)
def test_a_service_that_others_keep_is_reached_in_its_namespace(namespace: str, port: int, blocked: bool) -> None:
    platform = sample()
    server = External("p.monitoring.svc.cluster.local", 9090, namespace="monitoring")
    platform.facts["connections"] |= {Connection(BACKUP, server, 9090)}
    rule = {"to": [{"namespaceSelector": {"matchLabels": {NAMESPACE_NAME: namespace}}}], "ports": [{"port": port}]}
    policy = platform["NetworkPolicy/buckets"]
    policy["spec"]["egress"].append(rule)
    policy["metadata"]["annotations"] = {"floe.dev/external-references": f"Namespace/{namespace}"}
    message = "no policy allows egress to p.monitoring.svc.cluster.local on TCP 9090"
    assert platform.findings(*CHECKS) == ([("C067", BACKUP_NAME, message)] if blocked else [])


def test_a_range_wider_than_the_declared_one_is_reported() -> None:
    platform = with_server("10.1.0.0/16", {"cidr": "10.0.0.0/8"})
    message = "a policy lets its pods send to 10.0.0.0/8 on TCP 443"
    assert platform.findings(*CHECKS) == [("C066", BACKUP_NAME, message)]


@pytest.mark.parametrize(
    ("block", "inside", "hint"),
    [
        (
            {"cidr": "0.0.0.0/0"},
            "0.0.0.0/8, 10.0.0.0/8, 100.64.0.0/10, 127.0.0.0/8, 168.63.129.16/32 and 6 more",
            f"except: [{', '.join(NOT_OUTSIDE)}]",
        ),
        ({"cidr": "0.0.0.0/0", "except": [*NOT_OUTSIDE[:5], *NOT_OUTSIDE[6:]]}, "169.254.0.0/16", "except: ["),
        ({"cidr": "169.254.169.254/32"}, "169.254.169.254/32", ""),
        ({"cidr": "10.0.0.0/8"}, "10.0.0.0/8", ""),
        ({"cidr": "168.0.0.0/7"}, "168.63.129.16/32, 169.254.0.0/16", "except: [168.63.129.16/32, 169.254.0.0/16]"),
    ],
)
def test_a_server_anywhere_is_outside(block: dict[str, Any], inside: str, hint: str) -> None:
    platform = with_server("0.0.0.0/0", {"cidr": "0.0.0.0/0", "except": [*NOT_OUTSIDE]})
    rule = {"to": [{"ipBlock": block}], "ports": [{"port": 443}]}
    platform.add(policy("more", "egress", selector("backup"), [rule]))
    message = f"a policy lets its pods send to {inside} on TCP 443"
    assert platform.findings(*CHECKS) == [("C066", BACKUP_NAME, message)]
    (hint_,) = platform.hints(*CHECKS)
    assert hint in hint_ if hint else not hint_


def test_private_addresses_that_the_environment_lists_may_be_a_servers() -> None:
    platform = with_server("0.0.0.0/0", {"cidr": "0.0.0.0/0", "except": [*NOT_OUTSIDE]})
    rule = {"to": [{"ipBlock": {"cidr": "10.30.0.0/16"}}], "ports": [{"port": 443}]}
    platform.add(policy("more", "egress", selector("backup"), [rule]))
    assert [code for code, _, _ in platform.findings(*CHECKS)] == ["C066"]
    platform.facts["reach"] = Reach(private=("10.0.0.0/8",))
    assert platform.findings(*CHECKS) == []
    platform.facts["reach"] = Reach(own=("10.30.7.0/24",), private=("10.0.0.0/8",))
    message = "a policy lets its pods send to 10.30.7.0/24 on TCP 443"
    assert platform.findings(*CHECKS) == [("C066", BACKUP_NAME, message)]


def test_an_undeclared_port_is_reported() -> None:
    platform = with_server("0.0.0.0/0", {"cidr": "0.0.0.0/0"}, 5432)
    assert [(code, message) for code, _, message in platform.findings(*CHECKS)] == [
        ("C067", "no policy allows egress to s3.example.com (0.0.0.0/0) on TCP 443"),
        ("C066", "a policy lets its pods send to 0.0.0.0/0 on TCP 5432"),
    ]


def test_a_rule_without_peers_allows_every_server() -> None:
    platform = sample()
    platform["NetworkPolicy/polaris-out"]["spec"]["egress"] = [{"ports": [{"port": 5432}]}]
    message = "a policy lets its pods send to 0.0.0.0/0 on TCP 5432"
    assert platform.findings(*CHECKS) == [("C066", "Deployment.apps floe-platform/polaris", message)]


def test_an_open_rule_is_one_finding_for_all_protocols() -> None:
    platform = sample()
    platform["NetworkPolicy/polaris-out"]["spec"]["egress"] = [{}]
    platform.add(policy("open", "ingress", selector("polaris"), [{}]))
    assert [(code, message) for code, _, message in platform.findings(*CHECKS)] == [
        ("C066", "a policy lets its pods send to 0.0.0.0/0 on all ports"),
        ("C068", "it lets everyone reach floe-platform/polaris on all ports"),
    ]


def test_named_ports_do_not_match_external_servers() -> None:
    platform = sample()
    rule = {"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}], "ports": [{"port": "main"}]}
    platform["NetworkPolicy/polaris-out"]["spec"]["egress"].append(rule)
    assert platform.findings(*CHECKS) == []


def test_dns_outside_the_cluster_is_not_an_undeclared_server() -> None:
    platform = sample()
    rule = {"to": [{"ipBlock": {"cidr": "169.254.20.10/32"}}], "ports": [{"port": 53, "protocol": "UDP"}]}
    platform["NetworkPolicy/dns"]["spec"]["egress"].append(rule)
    assert platform.findings(*CHECKS) == []


@pytest.mark.parametrize("port", [443, 6443])
def test_the_api_server_needs_both_of_its_ports(port: int) -> None:
    platform = sample()
    platform["NetworkPolicy/dagster-api"]["spec"]["egress"][0]["ports"] = [{"port": port}]
    other = 6443 if port == 443 else 443
    message = f"no policy allows egress to the API server (0.0.0.0/0) on TCP {other}"
    assert platform.findings(*CHECKS) == [("C067", DAGSTER_NAME, message)]


def test_the_api_server_may_have_declared_addresses() -> None:
    platform = sample()
    platform["NetworkPolicy/dagster-api"]["spec"]["egress"][0]["to"] = [{"ipBlock": {"cidr": "10.0.0.1/32"}}]
    assert platform.findings(*CHECKS) == []


def test_only_those_who_use_the_api_server_reach_it() -> None:
    platform = sample()
    platform.facts["connections"] -= {Connection(DAGSTER, "kubernetes-api", 443)}
    assert [(code, message) for code, _, message in platform.findings(*CHECKS)] == [
        ("C066", "a policy lets its pods send to 0.0.0.0/0 on TCP 443, TCP 6443"),
    ]


def test_pods_that_nothing_isolates_reach_every_server() -> None:
    platform = sample()
    platform.objects = {
        key: manifest for key, manifest in platform.objects.items() if manifest["kind"] != "NetworkPolicy"
    }
    assert platform.findings(*CHECKS) == []


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
def test_ingress_from_undeclared_peers(peers: dict[str, Any], who: str) -> None:
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
def test_pods_of_the_environment_and_the_ingress_controller_may_be_let_in(peer: dict[str, Any]) -> None:
    platform = sample()
    platform.add(policy("open", "ingress", selector("polaris"), [{"from": [peer]}]))
    assert platform.findings(*CHECKS) == []


def test_an_open_rule_is_one_finding_for_all_pods() -> None:
    platform = sample()
    platform.add(policy("open", "ingress", {}, [{"from": [EVERY_NAMESPACE]}]))
    groups = ", ".join(f"floe-platform/{name}" for name in ("dagster", "polaris", "postgres", "backup", "migrate"))
    message = f"it lets {UNNAMED} reach {groups} and 1 more on all ports"
    assert platform.findings(*CHECKS) == [("C068", OPEN, message)]
    assert platform.hints(*CHECKS) == [f"name the allowed namespaces, each by its label {NAME}"]


def test_pods_with_other_ports_are_a_separate_finding() -> None:
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
def test_ports_of_the_ingress_controller_may_be_open_to_addresses_only(peers: dict[str, Any], who: str) -> None:
    platform = sample()
    platform.add(policy("open", "ingress", selector("dagster"), [{**peers, "ports": [{"port": 3000}]}]))
    message = f"it lets {who} reach floe-platform/dagster on TCP 3000"
    assert platform.findings(*CHECKS) == ([("C068", OPEN, message)] if who else [])


def test_ports_that_the_ingress_controller_does_not_reach_may_not_be_open_to_addresses() -> None:
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
def test_egress_to_undeclared_peers(rule: dict[str, Any], who: str, where: str) -> None:
    platform = sample()
    platform.add(policy("open", "egress", selector("polaris"), [rule]))
    message = f"it lets floe-platform/polaris send to {who} on {where}"
    assert platform.findings(*CHECKS) == ([("C066", OPEN, message)] if who else [])


@pytest.mark.parametrize(("direction", "peers"), [("ingress", "from"), ("egress", "to")])
def test_an_external_namespace_may_be_let_in(direction: str, peers: str) -> None:
    platform = sample()
    opening = platform.add(policy("open", direction, selector("polaris"), [{peers: [MONITORING]}]))
    annotation = "floe.dev/external-references"
    assert platform.hints(*CHECKS) == [
        f'if that is intended, annotate the policy: "{annotation}: Namespace/monitoring"'
    ]
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


def test_a_range_of_ports_around_a_declared_port_is_reported() -> None:
    platform = with_server("0.0.0.0/0", {"cidr": "0.0.0.0/0", "except": [*NOT_OUTSIDE]})
    ports = platform["NetworkPolicy/buckets"]["spec"]["egress"][0]["ports"]
    ports[0]["endPort"] = 443
    assert platform.findings(*CHECKS) == []
    ports[0]["endPort"] = 450
    message = "a policy lets its pods send to 0.0.0.0/0 on TCP 450"
    assert platform.findings(*CHECKS) == [("C066", BACKUP_NAME, message)]
