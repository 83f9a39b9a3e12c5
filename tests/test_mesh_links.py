"""Clusters that a service mesh links, seen only in what is rendered: names, policies and identities at both ends.

The mesh is that of `tests/golden/clusters`, with other links.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from floe_compiler.pipeline import compile_mesh
from test_links import selects, texts

GOLDEN = Path(__file__).parent / "golden" / "clusters"
GATEWAY = "203.0.113.0/28"
HOST = re.compile(r"\b([a-z0-9-]+)-shared\.([a-z0-9-]+)\.svc\.cluster\.local:(\d+)")
CALLERS = ("us-east", "eu-west")
CALLED = {"marquez", "otel-collector", "polaris"}

Object = Mapping[str, Any]
Clusters = Mapping[str, list[Object]]


def compiled(root: Path, links: str, mesh: dict[str, Any], **more: Any) -> Clusters:
    """Return the objects of each cluster."""
    shutil.copytree(GOLDEN, root, ignore=shutil.ignore_patterns("output"))
    file = root / "overlays/prod/environment.yaml"
    document = yaml.load(file.read_text(), yaml.CSafeLoader)
    for cluster in document["clusters"]:
        cluster["mesh"] = mesh
        if cluster["name"] == "shared":
            cluster["reached_at"] = {"cidr": GATEWAY}
        del cluster["ingress_namespace"]
    file.write_text(json.dumps(document | {"links": {"type": links}, **more}))
    found: dict[str, list[Object]] = {name: [] for name in ("shared", *CALLERS)}
    for path, text in compile_mesh(root).files.items():
        if (cluster := path.split("/")[2]) in found:
            found[cluster].append(yaml.load(text, yaml.CSafeLoader))
    return found


@pytest.fixture(scope="module")
def istio(tmp_path_factory: pytest.TempPathFactory) -> Clusters:
    mesh = {"type": "istio", "mode": "sidecar", "cni": True}
    return compiled(tmp_path_factory.mktemp("mesh") / "mesh", "istio", mesh, tls={"issuer": "acme"})


@pytest.fixture(scope="module")
def linkerd(tmp_path_factory: pytest.TempPathFactory) -> Clusters:
    return compiled(tmp_path_factory.mktemp("mesh") / "mesh", "linkerd", {"type": "linkerd", "cni": True})


def of_kind(objects: list[Object], kind: str, namespace: str = "") -> list[Object]:
    return [one for one in objects if one["kind"] == kind and namespace in ("", one["metadata"].get("namespace"))]


def named(objects: list[Object]) -> set[tuple[str, str, str, int]]:
    """Return what something in a namespace names of the other cluster: that namespace, Service, namespace and port."""
    return {
        (one["metadata"]["namespace"], service, namespace, int(port))
        for one in objects
        for text in texts(one)
        for service, namespace, port in HOST.findall(text)
    }


def service(objects: list[Object], name: str, namespace: str) -> Object:
    (found,) = [one for one in of_kind(objects, "Service", namespace) if one["metadata"]["name"] == name]
    return found


def pods_behind(objects: list[Object], found: Object, port: int) -> tuple[Object, int]:
    """Return the pod template behind a Service, and the container's port behind one of its ports."""
    (target,) = [one["targetPort"] for one in found["spec"]["ports"] if one["port"] == port]
    namespace = found["metadata"]["namespace"]
    templates = [one["spec"]["template"] for one in of_kind(objects, "Deployment", namespace)]
    (pods,) = [one for one in templates if selects(found["spec"]["selector"], one["metadata"]["labels"])]
    ports = [(each["name"], each["containerPort"]) for c in pods["spec"]["containers"] for each in c["ports"]]
    return pods, next(number for word, number in ports if target in (word, number))


def about(objects: list[Object], kind: str, namespace: str, pods: Object, selector: str) -> list[Object]:
    """Return the policies of a namespace whose selector selects pods."""
    return [
        one
        for one in of_kind(objects, kind, namespace)
        if selects(one["spec"].get(selector, {}).get("matchLabels", {}), pods["metadata"]["labels"])
    ]


def lets_in(objects: list[Object], namespace: str, pods: Object, number: int) -> Iterator[str]:
    """Yield the namespaces whose pods reach a port, whatever their labels."""
    for policy in about(objects, "NetworkPolicy", namespace, pods, "podSelector"):
        for rule in policy["spec"].get("ingress", ()):
            if number in [one["port"] for one in rule.get("ports", ())]:
                for peer in rule["from"]:
                    if peer.keys() == {"namespaceSelector"}:
                        yield from peer["namespaceSelector"]["matchLabels"].values()


def reached(policies: list[Object]) -> set[tuple[str, int]]:
    """Return the addresses and ports that policies let pods reach."""
    return {
        (peer["ipBlock"]["cidr"], one["port"])
        for policy in policies
        for rule in policy["spec"].get("egress", ())
        for peer in rule.get("to", ())
        if "ipBlock" in peer
        for one in rule["ports"]
    }


def lets_out(objects: list[Object], namespace: str) -> set[tuple[str, int]]:
    """Return the addresses and ports that some pod of a namespace reaches."""
    return reached(of_kind(objects, "NetworkPolicy", namespace))


def accounts(objects: list[Object]) -> set[str]:
    """Return the accounts of servers whose policies let them out to the gateway of the other cluster."""
    return {
        f"{namespace}/{template['spec']['serviceAccountName']}"
        for kind in ("Deployment", "StatefulSet")
        for one in of_kind(objects, kind)
        for namespace, template in [(one["metadata"]["namespace"], one["spec"]["template"])]
        if (GATEWAY, 15443) in reached(about(objects, "NetworkPolicy", namespace, template, "podSelector"))
    }


@pytest.mark.parametrize("caller", CALLERS)
def test_istio_passes_on_what_is_named(istio: Clusters, caller: str) -> None:
    called = istio["shared"]
    found = named(istio[caller])
    assert {server for _, server, _, _ in found} == CALLED
    for own, name, namespace, port in found:
        here = service(istio[caller], f"{name}-shared", namespace)
        there = service(called, f"{name}-shared", namespace)
        assert "selector" not in here["spec"], "its pods are in the other cluster"
        ours, theirs = ([one["port"] for one in each["spec"]["ports"]] for each in (here, there))
        assert port in ours
        assert set(ours) <= set(theirs)
        assert of_kind(istio[caller], "Namespace", namespace) or namespace in {
            one["metadata"]["name"] for one in of_kind(istio[caller], "Namespace")
        }
        pods, number = pods_behind(called, there, port)
        assert list(lets_in(called, namespace, pods, number)) == ["istio-system"]
        assert (GATEWAY, 15443) in lets_out(istio[caller], own)
        assert (GATEWAY, number) not in lets_out(istio[caller], own), "nothing but the gateway is reached there"


@pytest.mark.parametrize("caller", CALLERS)
def test_istio_lets_in_the_accounts_that_call_and_nobody_without_one(istio: Clusters, caller: str) -> None:
    called, callers = istio["shared"], set[str]()
    for own, name, namespace, port in named(istio[caller]):
        pods, number = pods_behind(called, service(called, f"{name}-shared", namespace), port)
        rules = [
            rule
            for policy in about(called, "AuthorizationPolicy", namespace, pods, "selector")
            for rule in policy["spec"].get("rules", ())
            if str(number) in [one for to in rule["to"] for one in to["operation"]["ports"]]
        ]
        allowed = {one for rule in rules for source in rule["from"] for one in source["source"]["serviceAccounts"]}
        assert [one for one in allowed if one.startswith(f"{own}/")], (own, name)
        callers |= allowed
        plain = [
            opened
            for policy in about(called, "PeerAuthentication", namespace, pods, "selector")
            for opened in policy["spec"].get("portLevelMtls", {})
        ]
        assert str(number) not in plain
    assert accounts(istio[caller]) <= callers
    assert "floe-platform/otel-collector" in accounts(istio[caller]), "the collector sends to that of the platform"


def test_the_collectors_of_istio_are_told_apart(istio: Clusters) -> None:
    """Istio merges the Services of one name, so the one that is called elsewhere has a name of its own."""
    for caller in CALLERS:
        local, central = (
            service(istio[caller], name, "floe-platform") for name in ("otel-collector", "otel-collector-shared")
        )
        assert ("selector" in local["spec"], "selector" in central["spec"]) == (True, False)
    found = service(istio["shared"], "otel-collector-shared", "floe-platform")
    labels = found["metadata"]["labels"]
    assert not selects({"app.kubernetes.io/component": "otel-collector"}, labels), "a monitor would find its pods twice"
    assert selects({"app.kubernetes.io/component": "otel-collector"}, found["spec"]["selector"])


def test_certificates_have_the_names_that_other_clusters_use(istio: Clusters) -> None:
    for name in ("otel-collector", "polaris"):
        (found,) = [
            one
            for one in of_kind(istio["shared"], "Certificate", "floe-platform")
            if one["metadata"]["name"].startswith(name)
        ]
        assert f"{name}-shared.floe-platform.svc.cluster.local" in found["spec"]["dnsNames"]


@pytest.mark.parametrize("caller", CALLERS)
def test_linkerd_mirrors_what_is_named(linkerd: Clusters, caller: str) -> None:
    called = linkerd["shared"]
    exported = {
        one["metadata"]["name"]
        for one in of_kind(called, "Service")
        if one["metadata"]["labels"].get("mirror.linkerd.io/exported") == "true"
    }
    found = named(linkerd[caller])
    assert {server for _, server, _, _ in found} == exported == CALLED
    assert not [one for one in of_kind(linkerd[caller], "Service") if one["metadata"]["name"].endswith("-shared")]
    for own, name, namespace, port in found:
        pods, number = pods_behind(called, service(called, name, namespace), port)
        for one in (number, 4143):
            assert "linkerd-multicluster" in lets_in(called, namespace, pods, one)
        assert (GATEWAY, 4143) in lets_out(linkerd[caller], own)
        servers = {
            one["metadata"]["name"]
            for one in about(called, "Server", namespace, pods, "podSelector")
            if one["spec"]["port"] == number
        }
        allowed = {
            ref["name"]
            for policy in of_kind(called, "AuthorizationPolicy", namespace)
            if policy["spec"]["targetRef"]["name"] in servers
            for ref in policy["spec"]["requiredAuthenticationRefs"]
            if ref["kind"] == "MeshTLSAuthentication"
        }
        gateways = [
            ref["name"]
            for one in of_kind(called, "MeshTLSAuthentication", namespace)
            if one["metadata"]["name"] in allowed
            for ref in one["spec"]["identityRefs"]
            if ref["kind"] == "Namespace"
        ]
        assert gateways == ["linkerd-multicluster"], "the gateway ends TLS, so its identity is what a server sees"


def test_nobody_calls_what_is_not_in_the_cluster_of_the_platform(istio: Clusters, linkerd: Clusters) -> None:
    for clusters in (istio, linkerd):
        for caller in CALLERS:
            for policy in of_kind(clusters[caller], "NetworkPolicy"):
                ingress = [peer for rule in policy["spec"].get("ingress", ()) for peer in rule.get("from", ())]
                names = {
                    value
                    for peer in ingress
                    for value in peer.get("namespaceSelector", {}).get("matchLabels", {}).values()
                }
                assert not names & {"istio-system", "linkerd-multicluster"}
