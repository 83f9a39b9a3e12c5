"""Network policies: only DNS and declared connections are allowed, at both ends."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from check.samples import NOT_OUTSIDE
from floe_compiler.kit.labels import selector
from floe_compiler.kit.network import Opening, connections, namespace_policies, policy
from floe_compiler.model.addresses import Reach
from floe_compiler.model.endpoint import Port, foreign_endpoint, service_endpoint
from floe_compiler.model.inputs import Dns
from floe_compiler.model.rendered import Connection, External, PodGroup
from floe_compiler.model.service_mesh import ServiceMesh
from kit.samples import DATABASE, HTTP, METRICS, OUTSIDE, instance
from support import DEVELOPMENT, changed

GROUP = PodGroup("floe-platform", "web")
CLUSTER_IP = {"ipBlock": {"cidr": "10.96.0.10/32"}}


def namespace(name: str) -> dict[str, Any]:
    return {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}}


KUBE_SYSTEM = namespace("kube-system")
IN_DATABASE = {
    "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "floe-platform"}},
    "podSelector": {"matchLabels": {"app.kubernetes.io/component": "db"}},
}
CALLED = ("TCP", HTTP.number)
BOTH = (CALLED, ("TCP", METRICS.number))


def spec(*args: Any, **changes: Any) -> dict[str, Any]:
    return dict(policy(instance(), "web", *args, **changes)["spec"])


def test_a_namespace_denies_everything_except_dns() -> None:
    policies = namespace_policies(DEVELOPMENT)
    assert [manifest["metadata"]["name"] for manifest in policies] == ["allow-dns", "default-deny"]
    assert {manifest["apiVersion"] for manifest in policies} == {"networking.k8s.io/v1"}
    assert {manifest["kind"] for manifest in policies} == {"NetworkPolicy"}
    assert {manifest["metadata"]["labels"]["app.kubernetes.io/component"] for manifest in policies} == {"network"}
    allow, deny = policies
    assert deny["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    assert allow["spec"]["podSelector"] == {}
    assert allow["spec"]["policyTypes"] == ["Egress"]
    (rule,) = allow["spec"]["egress"]
    assert rule["to"] == [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}}]
    assert rule["ports"] == [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}]


def test_a_policy_is_for_its_workloads_pods_in_both_directions() -> None:
    policy_ = policy(instance(), "web", [])
    assert (policy_["apiVersion"], policy_["kind"]) == ("networking.k8s.io/v1", "NetworkPolicy")
    assert policy_["metadata"]["name"] == "web"
    assert policy_["spec"] == {
        "podSelector": {"matchLabels": selector(instance(), "web")},
        "policyTypes": ["Ingress", "Egress"],
    }


def test_egress_is_allowed_to_pods_of_servers_or_declared_addresses() -> None:
    assert spec([OUTSIDE, DATABASE, DATABASE])["egress"] == [
        {
            "to": [{"ipBlock": {"cidr": "203.0.113.0/24"}}],
            "ports": [{"protocol": "TCP", "port": 443}],
        },
        {"to": [IN_DATABASE], "ports": [{"protocol": "TCP", "port": 5432}]},
    ]


def test_an_external_service_is_reached_in_its_declared_namespace() -> None:
    port, pods = Port("http-metrics", 9402), (("app", "cm"),)
    for labels, selected in (((), {}), (pods, {"podSelector": {"matchLabels": {"app": "cm"}}})):
        server = foreign_endpoint("cm", "certificates", "cluster.local", port, labels)
        policy_ = policy(instance(), "web", [server])
        rule = {"to": [{**namespace("certificates"), **selected}], "ports": [{"protocol": "TCP", "port": 9402}]}
        assert policy_["spec"]["egress"] == [rule]
        assert policy_["metadata"]["annotations"] == {"floe.dev/external-references": "Namespace/certificates"}
        (edge,) = connections(DEVELOPMENT, GROUP, [server], kubernetes_api=False)
        assert edge.target == External("cm.certificates.svc.cluster.local", 9402, namespace="certificates")


def test_a_server_with_any_address_excludes_cluster_and_node() -> None:
    anywhere = replace(OUTSIDE, cidr="0.0.0.0/0")
    (block,) = spec([anywhere])["egress"][0]["to"]
    assert block["ipBlock"] == {"cidr": "0.0.0.0/0", "except": [*NOT_OUTSIDE]}


def test_private_addresses_that_the_environment_lists_are_reached() -> None:
    reach = Reach(own=("10.96.0.0/12",), private=("10.0.0.0/8", "192.168.7.0/24"))
    anywhere = replace(OUTSIDE, cidr="0.0.0.0/0")
    policy_ = policy(instance(changed(DEVELOPMENT, cluster={"reach": reach})), "web", [anywhere])
    assert policy_["spec"]["egress"][0]["to"] == [
        {"ipBlock": {"cidr": "0.0.0.0/0", "except": [*NOT_OUTSIDE]}},
        {"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.96.0.0/12"]}},
        {"ipBlock": {"cidr": "192.168.7.0/24"}},
    ]


@pytest.mark.parametrize(
    ("dns", "peers", "ports"),
    [
        ({"preset": "kube-system"}, [KUBE_SYSTEM], [53]),
        ({"preset": "node-local"}, [KUBE_SYSTEM, {"ipBlock": {"cidr": "169.254.20.10/32"}}], [53]),
        ({"preset": "gke-cloud-dns"}, [KUBE_SYSTEM, {"ipBlock": {"cidr": "169.254.169.254/32"}}], [53]),
        ({"preset": "openshift"}, [namespace("openshift-dns")], [5353]),
        ({"preset": "node-local", "addresses": ["10.96.0.10/32"]}, [KUBE_SYSTEM, CLUSTER_IP], [53]),
        ({"namespaces": ["dns", "kube-system"], "ports": [53, 1053]}, [namespace("dns"), KUBE_SYSTEM], [53, 1053]),
        ({"namespaces": [], "addresses": ["10.96.0.10"]}, [CLUSTER_IP], [53]),
    ],
)
def test_dns_has_the_configured_place(dns: dict[str, Any], peers: list[Any], ports: list[int]) -> None:
    settings = changed(DEVELOPMENT, cluster={"dns": Dns.model_validate(dns).servers})
    (rule,) = namespace_policies(settings)[0]["spec"]["egress"]
    assert rule["to"] == peers
    assert rule["ports"] == [{"protocol": name, "port": port} for port in ports for name in ("UDP", "TCP")]


def test_callers_with_the_label_of_the_server_are_let_in_from_their_namespaces() -> None:
    ports = (HTTP, METRICS)
    (rule,) = spec([], served=ports, callers={"floe-sales-domain": BOTH, "floe-platform": BOTH})["ingress"]
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


def test_callers_are_let_in_only_on_the_ports_that_they_call() -> None:
    callers = {"a": (CALLED,), "b": BOTH, "c": (CALLED,), "d": ()}
    rules = spec([], served=(METRICS, HTTP), callers=callers)["ingress"]
    assert [
        (
            rule["from"][0]["namespaceSelector"]["matchExpressions"][0]["values"],
            [port["port"] for port in rule["ports"]],
        )
        for rule in rules
    ] == [(["a", "c"], [8080]), (["b"], [9090, 8080])]


def test_without_callers_or_ports_no_ingress_is_allowed() -> None:
    assert "ingress" not in spec([], served=(HTTP,))
    assert "ingress" not in spec([], callers={"floe-platform": (CALLED,)})
    assert "ingress" not in spec([], served=(METRICS,), callers={"floe-platform": (CALLED,)})


def test_the_ingress_controller_reaches_the_ports_that_are_open_to_it() -> None:
    policy_ = spec([], served=(HTTP, METRICS), openings=(Opening("ingress-nginx", (HTTP,)),))
    assert policy_["ingress"] == [
        {
            "from": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ingress-nginx"}}}],
            "ports": [{"protocol": "TCP", "port": 8080}],
        }
    ]
    assert "ingress" not in spec([], served=(HTTP,), openings=(Opening("", (HTTP,)),)), (
        "without a controller, nothing is let in"
    )
    assert "ingress" not in spec([], served=(HTTP,), openings=(Opening("ingress-nginx", ()),))


def test_addresses_are_let_in_without_the_port_of_a_service_mesh() -> None:
    mesh = ServiceMesh("ambient", "istio-system", members=("gateways",))
    settings = replace(DEVELOPMENT, cluster=replace(DEVELOPMENT.cluster, mesh=mesh))
    block, own = {"ipBlock": {"cidr": "10.17.0.0/16"}}, [{"protocol": "TCP", "port": HTTP.number}]
    meshed = [*own, {"protocol": "TCP", "port": 15008}]
    addresses = ("10.17.0.0/16",)
    assert [*Opening("", (HTTP,), addresses).rules(settings)] == [{"from": [block], "ports": own}]
    assert [*Opening("others", (HTTP,), addresses).rules(settings)] == [
        {"from": [namespace("others"), block], "ports": own}
    ]
    assert [*Opening("gateways", (HTTP,), addresses).rules(settings)] == [
        {"from": [namespace("gateways")], "ports": meshed},
        {"from": [block], "ports": own},
    ]


def test_pods_that_use_the_kubernetes_api_reach_only_its_address() -> None:
    settings = changed(DEVELOPMENT, cluster={"api_server_cidr": "10.0.0.1/32"})
    (rule,) = policy(instance(settings), "web", [], kubernetes_api=True)["spec"]["egress"]
    assert rule["to"] == [{"ipBlock": {"cidr": "10.0.0.1/32"}}]
    assert rule["ports"] == [{"protocol": "TCP", "port": 443}, {"protocol": "TCP", "port": 6443}]


def test_the_api_server_may_have_any_address_except_those_of_pod_and_node() -> None:
    (rule,) = policy(instance(), "web", [], kubernetes_api=True)["spec"]["egress"]
    (peer,) = rule["to"]
    never = ["0.0.0.0/8", "100.100.100.200/32", "127.0.0.0/8", "168.63.129.16/32", "169.254.0.0/16"]
    assert peer["ipBlock"] == {"cidr": "0.0.0.0/0", "except": [*never, "192.0.0.192/32", "224.0.0.0/4"]}


def test_ports_keep_their_protocol() -> None:
    resolver = service_endpoint("dns", "floe-platform", "cluster.local", (Port("dns", 53, "UDP"),))
    assert spec([resolver])["egress"][0]["ports"] == [{"protocol": "UDP", "port": 53}]
    assert connections(DEVELOPMENT, GROUP, [resolver], kubernetes_api=False) == {
        Connection(GROUP, PodGroup("floe-platform", "dns"), 53, "UDP")
    }


def test_connections_are_one_for_each_port() -> None:
    two_ports = replace(OUTSIDE, ports=(Port("https", 443), Port("alt", 8443)))
    assert connections(DEVELOPMENT, GROUP, [two_ports, DATABASE], kubernetes_api=True) == {
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
