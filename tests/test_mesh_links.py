"""Clusters that a service mesh or exported Services link: exactly the expected objects are rendered.

Who reaches whom is in `test_linked_clusters.py`.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from link_reader import Called, Linked
from linked_environments import COLLECTOR, MARQUEZ, POLARIS, Linking, trees
from mesh_reader import Object, Tree, matches
from meshed_environments import Kind

CALLERS = ("us-east", "eu-west")
CALLED = {"marquez", "otel-collector", "polaris"}
GOLDEN = Path(__file__).parent / "golden" / "clusters" / "output" / "istio"


def service(tree: Tree, name: str) -> Object:
    (service_,) = [manifest for manifest in tree.of("Service") if manifest["metadata"]["name"] == name]
    return service_


def offered(tree: Tree, links: Linking) -> set[str]:
    """Return the Services that a cluster has for others, or of others."""
    if links == "mcs":
        return {manifest["metadata"]["name"] for manifest in tree.of("ServiceExport")}
    services = {manifest["metadata"]["name"]: manifest["metadata"]["labels"] for manifest in tree.of("Service")}
    if links == "istio":
        return {name.removesuffix("-shared") for name in services if name.endswith("-shared")}
    return {name for name, labels in services.items() if labels.get("mirror.linkerd.io/exported") == "true"}


@pytest.mark.parametrize(("links", "mesh"), [("istio", "sidecar"), ("linkerd", "linkerd"), ("mcs", None)])
def test_exactly_the_called_servers_are_exported(links: Linking, mesh: Kind | None) -> None:
    trees_ = trees(links, mesh)
    assert offered(trees_["shared"], links) == CALLED
    for caller in CALLERS:
        assert offered(trees_[caller], links) == (CALLED if links == "istio" else set())


def test_collectors_of_istio_have_different_names() -> None:
    """Istio merges the Services of one name, so the one that is called elsewhere has a different name."""
    trees_ = trees("istio", "sidecar")
    for caller in CALLERS:
        local, central = (service(trees_[caller], name) for name in ("otel-collector", "otel-collector-shared"))
        assert ("selector" in local["spec"], "selector" in central["spec"]) == (True, False)
    central = service(trees_["shared"], "otel-collector-shared")
    selector = {"matchLabels": {"app.kubernetes.io/component": "otel-collector"}}
    assert not matches(selector, central["metadata"]["labels"]), "a monitor would find its pods twice"
    assert matches(selector, central["spec"]["selector"])


@pytest.mark.parametrize(
    ("links", "mesh", "ending"),
    [
        ("istio", "sidecar", "-shared.floe-platform.svc.cluster.local"),
        ("mcs", None, ".floe-platform.svc.clusterset.local"),
    ],
)
def test_certificates_have_the_names_that_other_clusters_use(links: Linking, mesh: Kind | None, ending: str) -> None:
    certificates = trees(links, mesh, tls=True)["shared"].of("Certificate")
    names = {name for manifest in certificates for name in manifest["spec"]["dnsNames"]}
    assert {f"otel-collector{ending}", f"polaris{ending}"} <= names


def test_golden_clusters_of_istio_reach_the_documented_servers() -> None:
    trees_ = {name: Tree(map(load, (GOLDEN / name).rglob("*.yaml"))) for name in ("services", "america", "europe")}
    linked = Linked("istio", "sidecar", trees_, {}, "203.0.113.16/28", "istio-system", called="services")
    products = {"america": "floe-sales-domain/run-orders", "europe": "floe-marketing-domain/run-campaigns-transform"}
    calls = [
        *(Called(name, product, *server) for name, product in products.items() for server in (MARQUEZ, POLARIS)),
        *(Called(name, "floe-platform/otel-collector", *COLLECTOR) for name in products),
        Called("europe", "floe-marketing-domain/airflow-scheduler", *MARQUEZ),
    ]
    assert list(linked.problems(calls)) == []


def load(path: Path) -> Object:
    manifest: Object = yaml.load(path.read_text(), yaml.CSafeLoader)
    return manifest
