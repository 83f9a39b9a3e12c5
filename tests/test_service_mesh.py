"""Environments in a service mesh: network policies and the mesh agree at both ends of each connection.

The objects are read as the cluster and the mesh read them (`mesh_reader.py`), so this holds whatever compiled them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import pytest

from mesh_reader import MESH_PORTS, Pods, Tree
from meshed_environments import Delivery, Kind, environment

every_environment = pytest.mark.parametrize(
    ("delivery", "kind"),
    [
        ("flux", "ambient"),
        ("argocd", "sidecar"),
        ("argocd", "linkerd"),
        pytest.param("argocd", "ambient", marks=pytest.mark.thorough),
        pytest.param("flux", "sidecar", marks=pytest.mark.thorough),
        pytest.param("flux", "linkerd", marks=pytest.mark.thorough),
    ],
)
"""How objects are delivered has nothing to do with who may call whom."""

GRPC_PROBED = ("code-orders", 4000)


def connections(tree: Tree, kind: Kind) -> Iterator[tuple[Pods, Pods, int]]:
    """Yield the connections that callers may make, without those between proxies."""
    for caller in tree.pods:
        yield from ((caller, server, port) for server, port in tree.calls(caller) if port != MESH_PORTS[kind])


@every_environment
def test_each_connection_is_allowed_by_both_policies_and_by_the_mesh(delivery: Delivery, kind: Kind) -> None:
    tree = environment(delivery, kind)
    connections_ = list(connections(tree, kind))
    assert len(connections_) > 60
    let_out = {id(caller): {(id(server), port) for server, port in tree.calls(caller)} for caller in tree.pods}
    for caller, server, port in connections_:
        about = f"{caller.namespace}/{caller.name} calls {server.namespace}/{server.name} on {port}"
        needed = {port} | ({MESH_PORTS[kind]} - {0})
        assert {(id(server), number) for number in needed} <= let_out[id(caller)], f"egress: {about}"
        assert needed <= tree.lets_in(server, caller), f"ingress: {about}"
        assert tree.mesh_lets_in(server, port, caller), f"mesh: {about}"


@every_environment
def test_the_mesh_refuses_everybody_else(delivery: Delivery, kind: Kind) -> None:
    tree = environment(delivery, kind)
    known = {(caller.identity, server.namespace, server.name, port) for caller, server, port in connections(tree, kind)}
    refused = 0
    for server in tree.pods:
        for port in server.ports() or {5432, 8000, 9187}:
            if tree.mesh_lets_in(server, port, None):
                is_probed = kind == "linkerd" and (server.name, port) == GRPC_PROBED
                assert is_probed or port in tree.open_to_others(server), f"{server.name} is open on {port}"
                continue
            for caller in tree.pods:
                if (caller.identity, server.namespace, server.name, port) not in known:
                    assert not tree.mesh_lets_in(server, port, caller), f"{caller.name} -> {server.name} on {port}"
                    refused += 1
    assert refused > 1000


@every_environment
def test_only_ports_with_callers_outside_the_mesh_accept_plain_text(delivery: Delivery, kind: Kind) -> None:
    tree = environment(delivery, kind)
    plain = {
        (server.name, port)
        for server in tree.pods
        for port in server.ports() or {5432, 8000, 9187}
        if tree.mesh_lets_in(server, port, None)
    }
    interfaces = {("dagster-webserver", 3000)}
    operated = {("polaris-postgresql", 5432), ("polaris-postgresql", 8000), ("polaris-postgresql", 9187)}
    assert plain == interfaces | operated | ({GRPC_PROBED} if kind == "linkerd" else set())


@every_environment
def test_each_pod_has_the_account_of_its_component(delivery: Delivery, kind: Kind) -> None:
    tree = environment(delivery, kind)
    accounts = {
        (manifest["metadata"]["namespace"], manifest["metadata"]["name"]) for manifest in tree.of("ServiceAccount")
    }
    sharing: dict[str, set[str]] = defaultdict(set)
    for pods in tree.pods:
        operated = "cnpg.io/cluster" in pods.labels
        assert operated or (pods.namespace, pods.account) in accounts, pods.name
        sharing[pods.identity].add(pods.labels["app.kubernetes.io/name"] if not operated else "postgresql")
    assert {identity: names for identity, names in sharing.items() if len(names) > 1} == {}


@every_environment
def test_each_pod_joins_the_mesh_and_its_proxy_ends_with_it(delivery: Delivery, kind: Kind) -> None:
    tree = environment(delivery, kind)
    for namespace in tree.namespaces.values():
        labels, notes = namespace["metadata"]["labels"], namespace["metadata"]["annotations"]
        joined = {
            "ambient": labels.get("istio.io/dataplane-mode") == "ambient",
            "sidecar": labels.get("istio-injection") == "enabled",
            "linkerd": notes.get("linkerd.io/inject") == "enabled",
        }
        assert [name for name, is_in in joined.items() if is_in] == [kind]
    ends = {
        "ambient": None,
        "sidecar": "sidecar.istio.io/nativeSidecar",
        "linkerd": "config.beta.linkerd.io/proxy-enable-native-sidecar",
    }
    for pods in tree.pods:
        annotated = {key for key in pods.annotations if "istio.io" in key or "linkerd.io" in key}
        if kind == "ambient":
            assert annotated == set()
        else:
            assert pods.annotations[ends[kind]] == "true", pods.name  # type: ignore[index]
            assert len(annotated) == 5, "one, and the resources of the proxy"


def test_linkerd_detects_http_on_ports_probed_over_http() -> None:
    tree = environment("argocd", "linkerd")
    opaque = {
        (
            manifest["metadata"]["namespace"],
            manifest["spec"]["podSelector"]["matchLabels"].get("app.kubernetes.io/component"),
            manifest["spec"]["port"],
        )
        for manifest in tree.of("Server", "policy.linkerd.io")
        if manifest["spec"]["proxyProtocol"] == "opaque"
    }
    assert {port for _, _, port in opaque} >= {5432, 6379}
    for pods in tree.pods:
        for container in pods.spec.get("containers", []):
            named = {port["name"]: port["containerPort"] for port in container.get("ports", [])}
            for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
                http = container.get(probe, {}).get("httpGet")
                if http:
                    port = named.get(http["port"], http["port"])
                    assert (pods.namespace, pods.labels["app.kubernetes.io/component"], port) not in opaque, pods.name


def test_istio_knows_each_port_that_is_called_by_pod_address() -> None:
    tree = environment("argocd", "sidecar")
    headless = [manifest for manifest in tree.of("Service") if manifest["spec"].get("clusterIP") == "None"]
    assert headless
    for service in headless:
        ports = {port["port"] for port in service["spec"]["ports"]}
        for pods in tree.selected(service["metadata"]["namespace"], {"matchLabels": service["spec"]["selector"]}):
            assert pods.ports() <= ports
        assert {port["appProtocol"] for port in service["spec"]["ports"] if port["protocol"] == "TCP"} == {"tcp"}


def test_policies_allow_the_control_plane_and_the_kubelet_where_the_mesh_needs_them() -> None:
    ports_of: dict[Kind, set[int]] = {"sidecar": {15012}, "linkerd": {8080, 8086, 8090}}
    for kind, ports in ports_of.items():
        tree = environment("argocd", kind)
        for pods in tree.pods:
            to = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": CONTROL[kind]}}}
            rules = [rule for rule in tree.policies(pods, "egress") if to in rule["to"]]
            assert {port["port"] for rule in rules for port in rule["ports"]} == ports, pods.name
    ambient = environment("flux", "ambient")
    for pods in ambient.pods:
        rules = [rule for rule in ambient.policies(pods, "ingress") if "ports" not in rule]
        assert rules == [{"from": [{"ipBlock": {"cidr": "169.254.7.127/32"}}]}]


CONTROL = {"sidecar": "istio-system", "linkerd": "linkerd"}
