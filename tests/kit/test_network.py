"""Network policies: only DNS and declared connections are allowed, at both ends."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from floe_compiler.kit.labels import selector
from floe_compiler.kit.network import Opening, connections, namespace_policies, policy
from floe_compiler.model.endpoint import Port, service_endpoint
from floe_compiler.model.rendered import Connection, External, PodGroup
from kit.samples import DATABASE, HTTP, METRICS, OUTSIDE, instance
from support import DEVELOPMENT, changed

GROUP = PodGroup("floe-platform", "web")
IN_DATABASE = {
    "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "floe-platform"}},
    "podSelector": {"matchLabels": {"app.kubernetes.io/component": "db"}},
}
CALLED = ("TCP", HTTP.number)
BOTH = (CALLED, ("TCP", METRICS.number))


def spec(*args: Any, **changes: Any) -> dict[str, Any]:
    return dict(policy(instance(), "web", *args, **changes)["spec"])


def test_a_namespace_denies_everything_but_dns() -> None:
    policies = namespace_policies(DEVELOPMENT)
    assert [one["metadata"]["name"] for one in policies] == ["allow-dns", "default-deny"]
    assert {one["apiVersion"] for one in policies} == {"networking.k8s.io/v1"}
    assert {one["kind"] for one in policies} == {"NetworkPolicy"}
    assert {one["metadata"]["labels"]["app.kubernetes.io/component"] for one in policies} == {"network"}
    allow, deny = policies
    assert deny["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    assert allow["spec"]["podSelector"] == {}
    assert allow["spec"]["policyTypes"] == ["Egress"]
    (rule,) = allow["spec"]["egress"]
    assert rule["to"] == [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}}]
    assert rule["ports"] == [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}]


def test_a_policy_is_for_its_workloads_pods_in_both_directions() -> None:
    whole = policy(instance(), "web", [])
    assert (whole["apiVersion"], whole["kind"]) == ("networking.k8s.io/v1", "NetworkPolicy")
    assert whole["metadata"]["name"] == "web"
    assert whole["spec"] == {
        "podSelector": {"matchLabels": selector(instance(), "web")},
        "policyTypes": ["Ingress", "Egress"],
    }


def test_calls_leave_for_the_servers_pods_or_the_declared_addresses() -> None:
    assert spec([OUTSIDE, DATABASE, DATABASE])["egress"] == [
        {
            "to": [{"ipBlock": {"cidr": "203.0.113.0/24"}}],
            "ports": [{"protocol": "TCP", "port": 443}],
        },
        {"to": [IN_DATABASE], "ports": [{"protocol": "TCP", "port": 5432}]},
    ]


def test_callers_come_in_from_their_namespaces_if_they_bear_the_servers_label() -> None:
    both = (HTTP, METRICS)
    (rule,) = spec([], served=both, callers={"floe-sales-domain": BOTH, "floe-platform": BOTH})["ingress"]
    (peer,) = rule["from"]
    assert peer["namespaceSelector"]["matchExpressions"] == [
        {
            "key": "kubernetes.io/metadata.name",
            "operator": "In",
            "values": ["floe-platform", "floe-sales-domain"],
        }
    ]
    assert peer["podSelector"] == {"matchLabels": {"access.floe.dev/web": "true"}}
    assert rule["ports"] == [{"protocol": "TCP", "port": 8080}, {"protocol": "TCP", "port": 9090}]


def test_callers_come_in_on_the_ports_that_they_call_and_no_others() -> None:
    callers = {"a": (CALLED,), "b": BOTH, "c": (CALLED,), "d": ()}
    found = spec([], served=(METRICS, HTTP), callers=callers)["ingress"]
    assert [
        (
            rule["from"][0]["namespaceSelector"]["matchExpressions"][0]["values"],
            [port["port"] for port in rule["ports"]],
        )
        for rule in found
    ] == [(["a", "c"], [8080]), (["b"], [9090, 8080])]


def test_nobody_comes_in_where_nobody_calls_or_nothing_is_served() -> None:
    assert "ingress" not in spec([], served=(HTTP,))
    assert "ingress" not in spec([], callers={"floe-platform": (CALLED,)})
    assert "ingress" not in spec([], served=(METRICS,), callers={"floe-platform": (CALLED,)})


def test_the_ingress_controller_reaches_the_ports_that_are_open_to_it() -> None:
    found = spec([], served=(HTTP, METRICS), openings=(Opening("ingress-nginx", (HTTP,)),))
    assert found["ingress"] == [
        {
            "from": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ingress-nginx"}}}],
            "ports": [{"protocol": "TCP", "port": 8080}],
        }
    ]
    assert "ingress" not in spec([], served=(HTTP,), openings=(Opening("", (HTTP,)),)), "no controller, no way in"
    assert "ingress" not in spec([], served=(HTTP,), openings=(Opening("ingress-nginx", ()),))


def test_pods_that_use_the_kubernetes_api_reach_it_at_its_address_only() -> None:
    settings = changed(DEVELOPMENT, cluster={"api_server_cidr": "10.0.0.1/32"})
    (rule,) = policy(instance(settings), "web", [], kubernetes_api=True)["spec"]["egress"]
    assert rule["to"] == [{"ipBlock": {"cidr": "10.0.0.1/32"}}]
    assert rule["ports"] == [{"protocol": "TCP", "port": 443}, {"protocol": "TCP", "port": 6443}]


def test_ports_keep_their_protocol() -> None:
    resolver = service_endpoint("dns", "floe-platform", "cluster.local", (Port("dns", 53, "UDP"),))
    assert spec([resolver])["egress"][0]["ports"] == [{"protocol": "UDP", "port": 53}]
    assert connections(GROUP, [resolver], kubernetes_api=False) == {
        Connection(GROUP, PodGroup("floe-platform", "dns"), 53, "UDP")
    }


def test_connections_are_one_for_each_port() -> None:
    both = replace(OUTSIDE, ports=(Port("https", 443), Port("alt", 8443)))
    assert connections(GROUP, [both, DATABASE], kubernetes_api=True) == {
        Connection(GROUP, External("api.example.com", 443, "203.0.113.0/24"), 443),
        Connection(GROUP, External("api.example.com", 8443, "203.0.113.0/24"), 8443),
        Connection(GROUP, PodGroup("floe-platform", "db"), 5432),
        Connection(GROUP, "kubernetes-api", 443),
        Connection(GROUP, "kubernetes-api", 6443),
    }


def test_pods_of_an_operator_are_found_by_its_labels() -> None:
    chosen = (("cnpg.io/cluster", "db"),)
    (rule,) = spec([replace(DATABASE, labels=chosen)])["egress"]
    assert rule["to"][0]["podSelector"] == {"matchLabels": {"cnpg.io/cluster": "db"}}
    assert spec([], selector=dict(chosen))["podSelector"] == {"matchLabels": {"cnpg.io/cluster": "db"}}
