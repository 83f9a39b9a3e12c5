"""Network policies against declared connections between pods."""

from __future__ import annotations

from typing import Any

import pytest

from check.samples import (
    BACKUP,
    DAGSTER,
    NAMESPACE,
    POLARIS,
    POSTGRES,
    Platform,
    from_pods,
    policy,
    sample,
    selector,
    to_pods,
)
from floe_compiler.link.connections import check
from floe_compiler.model.rendered import Connection, External, PodGroup
from link.two_namespaces import CALL, POLARIS_NAME, REPORT_NAME, in_namespace, two_namespaces
from tables import table

DAGSTER_NAME = "Deployment.apps floe-platform/dagster"
POSTGRES_NAME = "StatefulSet.apps floe-platform/postgres"


def declare(platform: Platform, *connections: Connection) -> Platform:
    platform.facts["connections"] |= set(connections)
    return platform


def withdraw(platform: Platform, connection: Connection) -> Platform:
    platform.facts["connections"] -= {connection}
    return platform


def test_a_declared_connection_without_egress_is_reported() -> None:
    platform = sample()
    del platform.objects["NetworkPolicy/dagster-out"]
    message = "no policy allows egress from floe-platform/dagster to floe-platform/postgres on TCP 5432"
    assert platform.findings(check) == [("C061", DAGSTER_NAME, message)]


def test_a_declared_connection_without_ingress_is_reported() -> None:
    platform = sample()
    platform["NetworkPolicy/postgres-in"]["spec"]["ingress"] = [from_pods(["polaris", "migrate", "backup"], 5432)]
    message = "no policy allows ingress from floe-platform/dagster to floe-platform/postgres on TCP 5432"
    assert platform.findings(check) == [("C061", POSTGRES_NAME, message)]


def test_the_ports_of_both_ends_must_be_the_declared_one() -> None:
    platform = sample()
    platform["NetworkPolicy/dagster-out"]["spec"]["egress"] = [to_pods("postgres", 80)]
    assert [code for code, _, _ in platform.findings(check)] == ["C061"]


@pytest.mark.parametrize(
    ("port", "fine"),
    [
        ({"port": 5432}, True),
        ({"port": 5432, "protocol": "TCP"}, True),
        ({"port": "main"}, True),
        ({"protocol": "TCP"}, True),
        ({"port": 5000, "endPort": 6000}, True),
        ({"port": 5432, "protocol": "UDP"}, False),
        ({"port": "postgres"}, False),
        ({"port": 5433, "endPort": 6000}, False),
    ],
)
@pytest.mark.parametrize("end", ["NetworkPolicy/dagster-out", "NetworkPolicy/postgres-in"])
def test_ports_may_be_named_in_several_ways(end: str, port: dict[str, Any], fine: bool) -> None:
    platform = sample()
    spec = platform[end]["spec"]
    for rule in (*spec.get("egress", ()), *spec.get("ingress", ())):
        rule["ports"] = [port]
    assert bool(platform.findings(check)) is not fine


@table(
    "peer, fine",
    [
        ({"podSelector": {"matchLabels": selector("postgres")}}, True),
        ({"podSelector": {}}, True),
        ({"namespaceSelector": {}}, True),
        ({"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": NAMESPACE}}}, True),
        ({"namespaceSelector": {"matchLabels": {"app.kubernetes.io/name": NAMESPACE}}}, True),
        ({"namespaceSelector": {"matchLabels": {"app.kubernetes.io/name": "other"}}}, False),
        ({"namespaceSelector": {}, "podSelector": {"matchLabels": selector("polaris")}}, False),
        (
            {
                "namespaceSelector": {
                    "matchExpressions": [
                        {"key": "kubernetes.io/metadata.name", "operator": "In", "values": [NAMESPACE, "x"]}
                    ]
                }
            },
            True,
        ),
        (
            {
                "namespaceSelector": {
                    "matchExpressions": [
                        {"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": [NAMESPACE]}
                    ]
                }
            },
            False,
        ),
        ({"ipBlock": {"cidr": "0.0.0.0/0"}}, False),
    ],
)
def test_peers_may_be_selected_in_several_ways(peer: dict[str, Any], fine: bool) -> None:
    platform = sample()
    platform["NetworkPolicy/dagster-out"]["spec"]["egress"][0]["to"] = [peer]
    assert bool(platform.findings(check)) is not fine


def test_rules_add_up_and_an_empty_one_allows_nothing() -> None:
    platform = sample()
    platform["NetworkPolicy/dagster-out"]["spec"]["egress"] = []
    assert [code for code, _, _ in platform.findings(check)] == ["C061"]
    platform.add(policy("more", "egress", selector("dagster"), [to_pods("postgres", 5432)]))
    assert platform.findings(check) == []


def test_a_rule_without_peers_allows_everyone() -> None:
    platform = sample()
    platform["NetworkPolicy/dagster-out"]["spec"]["egress"] = [{"ports": [{"port": 5432}]}]
    assert platform.findings(check) == []


def test_pods_without_policies_may_connect_to_everything() -> None:
    platform = sample()
    platform.objects = {
        key: manifest for key, manifest in platform.objects.items() if manifest["kind"] != "NetworkPolicy"
    }
    assert platform.findings(check) == []


def test_a_connection_allowed_at_one_end_only_is_not_open() -> None:
    platform = sample()
    platform["NetworkPolicy/dagster-out"]["spec"]["egress"].append(to_pods("polaris", 8181))
    assert platform.findings(check) == []


ELSEWHERE = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}
CALLERS = ["polaris", "dagster", "migrate", "backup"]


@pytest.mark.parametrize(
    ("rule", "surplus"),
    [
        (from_pods(["polaris"], 9999), "TCP 9999"),
        (from_pods(["polaris"], 5432), ""),
        (from_pods(["postgres", "polaris"], 5432), ""),
        (from_pods(["postgres"], 5432), "TCP 5432"),
        ({**from_pods(CALLERS, 5432), "ports": [{"port": 9998}, {"port": 5432}, {"port": 9999}]}, "TCP 9998, TCP 9999"),
        ({**from_pods(CALLERS, 5432), "ports": [{"protocol": "TCP"}]}, ""),
        ({**from_pods(CALLERS, 5432), "ports": []}, "all SCTP ports, all UDP ports"),
        ({"from": [ELSEWHERE], "ports": [{"port": 9999}]}, ""),
    ],
)
def test_a_port_is_open_only_to_its_callers(rule: dict[str, Any], surplus: str) -> None:
    platform = sample()
    platform.add(policy("more-in", "ingress", selector("postgres"), [rule]))
    name = "NetworkPolicy.networking.k8s.io floe-platform/more-in"
    message = f"it lets pods reach floe-platform/postgres on {surplus}, but none of them is declared to call it"
    assert platform.findings(check) == ([("C069", name, message)] if surplus else [])


def test_an_undeclared_connection_allowed_at_both_ends_is_reported() -> None:
    platform = withdraw(sample(), Connection(DAGSTER, POSTGRES, 5432))
    message = "floe-platform/dagster may reach floe-platform/postgres on TCP 5432"
    assert platform.findings(check) == [("C062", DAGSTER_NAME, message)]
    kind = "NetworkPolicy.networking.k8s.io floe-platform"
    assert platform.hints(check) == [f"the first is allowed by {kind}/dagster-out and {kind}/postgres-in"]


def test_a_declared_external_service_may_be_hand_written() -> None:
    platform = withdraw(sample(), Connection(DAGSTER, POSTGRES, 5432))
    host = "postgres.floe-platform.svc.cluster.local"
    declare(platform, Connection(DAGSTER, External(host, 5432, namespace=NAMESPACE), 5432))
    assert platform.findings(check) == []
    withdraw(platform, Connection(DAGSTER, External(host, 5432, namespace=NAMESPACE), 5432))
    declare(platform, Connection(DAGSTER, External(host, 5433, namespace=NAMESPACE), 5433))
    assert [code for code, _, _ in platform.findings(check)] == ["C062"], "another port"
    declare(platform, Connection(DAGSTER, External("db.elsewhere.svc", 5432, namespace="elsewhere"), 5432))
    assert [code for code, _, _ in platform.findings(check)] == ["C062"], "another namespace"


def test_an_open_port_other_than_the_declared_one_is_reported() -> None:
    platform = sample()
    for name, field in (("dagster-out", "egress"), ("postgres-in", "ingress")):
        for rule in platform[f"NetworkPolicy/{name}"]["spec"][field]:
            del rule["ports"]
    message = "floe-platform/dagster may reach floe-platform/postgres on all SCTP ports"
    assert platform.findings(check) == [("C062", DAGSTER_NAME, message)]


def test_all_ports_are_named_before_single_ones() -> None:
    platform = withdraw(sample(), Connection(DAGSTER, POSTGRES, 5432))
    for name, field in (("dagster-out", "egress"), ("postgres-in", "ingress")):
        rules = platform[f"NetworkPolicy/{name}"]["spec"][field]
        rules.append({key: value for key, value in rules[0].items() if key != "ports"} | {"ports": [{}]})
    message = "floe-platform/dagster may reach floe-platform/postgres on all TCP ports"
    assert ("C062", DAGSTER_NAME, message) in platform.findings(check)


def test_pods_reach_each_other_only_if_that_is_declared() -> None:
    platform = sample()
    platform.add(policy("in", "ingress", selector("postgres"), [from_pods(["postgres"], 5432)]))
    platform.add(policy("out", "egress", selector("postgres"), [to_pods("postgres", 5432)]))
    message = "floe-platform/postgres may reach floe-platform/postgres on TCP 5432"
    assert platform.findings(check) == [("C062", POSTGRES_NAME, message)]
    assert declare(platform, Connection(POSTGRES, POSTGRES, 5432)).findings(check) == []


def test_many_open_connections_are_summarised() -> None:
    platform = sample()
    everyone = [{"ports": [{"port": 9999}]}]
    platform.add(policy("in", "ingress", {}, everyone))
    platform.add(policy("out", "egress", selector("backup"), everyone))
    names = [f"floe-platform/{name} on TCP 9999" for name in ("dagster", "polaris", "postgres", "backup", "migrate")]
    message = f"floe-platform/backup may reach {', '.join(names)}"
    ((_, _, text),) = platform.findings(check)
    assert text == f"{message} and 1 more"
    inner = platform["NetworkPolicy/in"]["spec"]
    expression = {"key": "app.kubernetes.io/name", "operator": "NotIn", "values": ["dagster-run"]}
    inner["podSelector"] = {"matchExpressions": [expression]}
    ((_, _, text),) = platform.findings(check)
    assert text == message


def test_only_the_policies_that_allow_a_connection_are_named() -> None:
    platform = withdraw(sample(), Connection(DAGSTER, POSTGRES, 5432))
    platform.add(policy("other-target", "egress", selector("dagster"), [to_pods("polaris", 5432)]))
    platform.add(policy("other-port", "egress", selector("dagster"), [to_pods("postgres", 80)]))
    del platform["NetworkPolicy/dagster-out"]["spec"]["egress"][0]["ports"]
    kind = "NetworkPolicy.networking.k8s.io floe-platform"
    assert platform.hints(check) == [f"the first is allowed by {kind}/dagster-out and {kind}/postgres-in"]


def test_launched_pods_may_use_only_declared_connections() -> None:
    platform = sample()
    platform["NetworkPolicy/polaris-in"]["spec"]["ingress"] = [from_pods(["dagster"], 8181)]
    (code, subject, message), surplus = platform.findings(check)
    assert (code, subject) == ("C061", "Deployment.apps floe-platform/polaris")
    assert surplus[0] == "C069", "it is open to the wrong pods"
    assert message.startswith("no policy allows ingress from floe-platform/dagster-run")


def test_jobs_are_known_by_their_name_without_the_hash() -> None:
    platform = sample()
    del platform.objects["NetworkPolicy/migrate-out"]
    assert [subject for _, subject, _ in platform.findings(check)] == ["Job.batch floe-platform/migrate-1a2b3c4d"]


def test_connections_between_namespaces_are_checked() -> None:
    platform = sample()
    reader = platform.copy_of("Deployment/dagster", "reader")
    platform.copy_of("Namespace/floe-platform", "floe-sales-domain")
    reader["metadata"]["namespace"] = "floe-sales-domain"
    deny = platform.copy_of("NetworkPolicy/default-deny", "deny")
    deny["metadata"]["namespace"] = "floe-sales-domain"
    group = PodGroup("floe-sales-domain", "reader")
    declare(platform, Connection(group, POLARIS, 8181))
    assert [code for code, _, _ in platform.findings(check)] == ["C061", "C061"]
    platform_peer = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": NAMESPACE}}}
    out = policy("out", "egress", {}, [{"to": [platform_peer], "ports": [{"port": 8181}]}])
    out["metadata"]["namespace"] = "floe-sales-domain"
    platform.add(out)
    assert [subject for _, subject, _ in platform.findings(check)] == ["Deployment.apps floe-platform/polaris"]
    domain_peer = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "floe-sales-domain"}}}
    platform.add(policy("in", "ingress", selector("polaris"), [{"from": [domain_peer], "ports": [{"port": 8181}]}]))
    assert platform.findings(check) == []


def test_a_connection_of_missing_pods_is_reported() -> None:
    platform = declare(sample(), Connection(PodGroup(NAMESPACE, "gone"), POSTGRES, 5432))
    message = "a connection from floe-platform/gone to floe-platform/postgres on TCP 5432 is declared"
    assert platform.findings(check) == [("C064", "floe-platform/gone", message)]
    platform = declare(sample(), Connection(BACKUP, PodGroup(NAMESPACE, "gone"), 5432))
    assert [(code, subject) for code, subject, _ in platform.findings(check)] == [("C064", "floe-platform/gone")]


def test_a_connection_between_namespaces_allowed_at_both_ends_is_accepted() -> None:
    assert two_namespaces().findings(check) == []


def test_a_connection_between_namespaces_blocked_at_either_end_is_reported() -> None:
    connection = "from sales/report to floe-platform/polaris on TCP 8181"
    platform = two_namespaces()
    del platform.objects["NetworkPolicy/report-out"]
    assert platform.findings(check)[0] == ("C061", REPORT_NAME, f"no policy allows egress {connection}")
    platform = two_namespaces()
    del platform["NetworkPolicy/polaris-in"]["spec"]["ingress"][-1]
    assert platform.findings(check) == [("C061", POLARIS_NAME, f"no policy allows ingress {connection}")]


def test_an_undeclared_connection_between_namespaces_is_reported() -> None:
    platform = withdraw(two_namespaces(), CALL)
    message = "sales/report may reach floe-platform/polaris on TCP 8181"
    assert platform.findings(check) == [("C062", REPORT_NAME, message)]
    policies = "NetworkPolicy.networking.k8s.io {}".format
    hint = f"{policies('floe-platform/polaris-in')} and {policies('sales/report-out')}"
    assert platform.hints(check) == [f"the first is allowed by {hint}"]


def test_a_port_open_to_a_namespace_that_does_not_call_it_is_reported() -> None:
    platform = two_namespaces()
    platform["NetworkPolicy/postgres-in"]["spec"]["ingress"].append({"from": [in_namespace("sales")]})
    message = "it lets pods reach floe-platform/postgres on all ports, but none of them is declared to call it"
    assert platform.findings(check) == [("C069", "NetworkPolicy.networking.k8s.io floe-platform/postgres-in", message)]


@pytest.mark.parametrize("target", [PodGroup("sales", "nobody"), PodGroup("nowhere", "polaris")])
def test_a_connection_to_missing_pods_of_another_namespace_is_reported(target: PodGroup) -> None:
    platform = declare(two_namespaces(), Connection(DAGSTER, target, 80))
    message = f"a connection from {DAGSTER} to {target} on TCP 80 is declared"
    assert platform.findings(check) == [("C064", str(target), message)]


def test_a_connection_of_missing_pods_to_an_external_server_is_reported() -> None:
    platform = declare(sample(), Connection(PodGroup(NAMESPACE, "nobody"), External("x.example", 443), 443))
    message = "a connection from floe-platform/nobody to x.example on TCP 443 is declared"
    assert platform.findings(check) == [("C064", "floe-platform/nobody", message)]
