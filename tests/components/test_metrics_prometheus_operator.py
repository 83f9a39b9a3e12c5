"""Monitors and rules for the Prometheus Operator."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from msgspec.structs import replace
from pydantic import ValidationError

from floe_compiler.check.objects.schemas import schemas_for
from floe_compiler.components.metrics_prometheus_operator import COMPONENT, build, completes, provides
from floe_compiler.model.capabilities import MetricsStore, Monitoring
from floe_compiler.model.endpoint import Port, service_endpoint
from floe_compiler.model.mesh_facts import MeshFacts, OwnedCertificate, OwnedNamespace, ScrapeTarget
from floe_compiler.model.objects import Object
from floe_compiler.model.plan import Context
from floe_compiler.model.trust import Trust
from floe_compiler.pipeline import compile_mesh
from monitored_mesh import PLATFORM, RUNBOOKS, SALES, get, monitored, rules
from small_mesh import MANIFEST, small_mesh
from support import PRODUCTION, context_of

NAMESPACES = (OwnedNamespace(PLATFORM, "@acme/platform"),)


def context(**config: Any) -> Context[Any]:
    return context_of(COMPONENT, {"runbooks": RUNBOOKS, **config}, settings=PRODUCTION)


def monitors(target: ScrapeTarget, **config: Any) -> list[Object]:
    return [
        manifest
        for manifest in completes(context(**config), MeshFacts(scrape_targets=(target,))).objects
        if manifest["kind"].endswith("Monitor")
    ]


def target(*, service: bool, labels: tuple[tuple[str, str], ...] = ()) -> ScrapeTarget:
    server = service_endpoint("db", SALES, "cluster.local", (Port("metrics", 9187, service=service),))
    endpoint = type(server)(server.host, server.ports, server.group, labels=labels)
    return ScrapeTarget(SALES, "db", endpoint, "/metrics")


def test_a_port_of_a_service_gets_a_service_monitor_and_each_pod_is_scraped_once() -> None:
    (monitor,) = monitors(target(service=True))
    assert monitor["kind"] == "ServiceMonitor"
    (endpoint,) = monitor["spec"]["endpoints"]
    assert (endpoint["port"], endpoint["path"], endpoint["interval"]) == ("metrics", "/metrics", "30s")
    keep, job = endpoint["relabelings"]
    assert keep == {"action": "keep", "regex": "db", "sourceLabels": ["__meta_kubernetes_service_name"]}
    assert (job["targetLabel"], job["replacement"]) == ("job", "db")
    assert monitor["spec"]["namespaceSelector"] == {"matchNames": [SALES]}


def test_a_port_without_a_service_gets_a_pod_monitor() -> None:
    (monitor,) = monitors(target(service=False))
    assert monitor["kind"] == "PodMonitor"
    assert monitor["spec"]["podMetricsEndpoints"][0]["port"] == "metrics"
    assert monitor["spec"]["selector"] == {"matchLabels": {"app.kubernetes.io/component": "db"}}


def test_pods_of_another_operator_are_selected_by_its_labels() -> None:
    (monitor,) = monitors(target(service=True, labels=(("cnpg.io/cluster", "db"),)))
    assert monitor["spec"]["selector"] == {"matchLabels": {"cnpg.io/cluster": "db"}}


@pytest.mark.parametrize("labels", [{}, {"team": "data"}])
def test_monitors_and_rules_have_the_labels_that_the_operator_looks_for(labels: dict[str, str]) -> None:
    config = {"labels": labels} if labels else {}
    expected = labels or {"release": "kube-prometheus-stack"}
    mesh = MeshFacts(scrape_targets=(target(service=True),), namespaces=NAMESPACES)
    objects = completes(context(**config), mesh).objects
    assert {manifest["kind"] for manifest in objects} == {"ServiceMonitor", "PrometheusRule"}
    assert all(expected.items() <= manifest["metadata"]["labels"].items() for manifest in objects)


def test_its_prometheus_reaches_only_ports_with_metrics() -> None:
    assert build(context(namespace="observability")).scraper is not None
    policy = get(monitored("prometheus-operator"), SALES, "NetworkPolicy", "dagster-postgresql")
    ports = {
        str(peer["namespaceSelector"]): [port["port"] for port in rule["ports"]]
        for rule in policy["spec"]["ingress"]
        for peer in rule["from"]
    }
    assert ports[str({"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}})] == [9187]
    assert policy["metadata"]["annotations"]["floe.dev/external-references"] == "Namespace/monitoring"


def test_it_needs_no_headless_services() -> None:
    names = {
        manifest["metadata"]["name"] for manifest in monitored("prometheus-operator") if manifest["kind"] == "Service"
    }
    assert "polaris-headless" not in names


def test_memory_and_volumes_have_alerts_if_the_kubelets_are_scraped() -> None:
    alerts = {rule["alert"] for rule in rules("prometheus-operator")}
    assert {"ContainerMemoryHigh", "VolumeNearlyFull"} <= alerts
    (rule,) = (
        manifest
        for manifest in completes(context(container_metrics=False), MeshFacts(namespaces=NAMESPACES)).objects
        if manifest["kind"] == "PrometheusRule"
    )
    names = {alert["alert"] for group in rule["spec"]["groups"] for alert in group["rules"]}
    assert not {"ContainerMemoryHigh", "VolumeNearlyFull"} & names


def test_metrics_of_objects_may_be_those_of_the_cluster() -> None:
    assert [workload.name for workload in build(context()).workloads] == ["kube-state-metrics"]
    assert build(context(object_metrics=False)).workloads == ()


def test_components_add_their_exporters() -> None:
    assert provides(context().instance) == (Monitoring("prometheus-operator"),)


def test_certificates_have_alerts_if_cert_manager_is_scraped() -> None:
    names = {"CertificateExpires", "CertificateNotReady"}
    assert names <= {rule["alert"] for rule in rules("prometheus-operator")}
    mesh = MeshFacts(namespaces=NAMESPACES, certificates=(OwnedCertificate(NAMESPACES[0].name, "grafana-tls"),))
    for scraped in (True, False):
        manifests = completes(context(certificate_metrics=scraped), mesh).objects
        groups = [
            group
            for manifest in manifests
            if manifest["kind"] == "PrometheusRule"
            for group in manifest["spec"]["groups"]
        ]
        assert (names <= {rule["alert"] for group in groups for rule in group["rules"]}) == scraped


@pytest.mark.parametrize(
    ("store", "url", "namespace"),
    [
        ({"service": "thanos", "port": 9091}, "http://thanos.monitoring.svc.cluster.local:9091", "monitoring"),
        ({"url": "https://metrics.acme.example", "cidr": "192.0.2.0/24"}, "https://metrics.acme.example:443", ""),
    ],
)
def test_metrics_are_queried_at_the_configured_address(store: dict[str, Any], url: str, namespace: str) -> None:
    metrics_store, _ = provides(context(store=store).instance)
    assert isinstance(metrics_store, MetricsStore)
    assert (metrics_store.endpoint.url(), metrics_store.endpoint.namespace, metrics_store.receivers) == (
        url,
        namespace,
        (),
    )


@pytest.mark.parametrize(
    "store",
    [
        {},
        {"service": "prometheus", "url": "https://metrics.acme.example"},
        {"service": "prometheus", "cidr": "192.0.2.0/24"},
        {"url": "https://metrics.acme.example", "port": 9090},
        {"url": "https://metrics.acme.example/path"},
    ],
)
def test_a_contradictory_address_of_the_metrics_is_refused(store: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        context(store=store)


def test_dashboards_query_an_external_prometheus(tmp_path: Path) -> None:
    metrics = {"type": "prometheus-operator", "runbooks": RUNBOOKS, "store": {"service": "prometheus"}}
    observability = {"metrics": metrics, "dashboards": {"type": "grafana"}}
    files = compile_mesh(small_mesh(tmp_path, {MANIFEST: {"observability": observability}})).files
    folder = f"output/dev/{PLATFORM}"
    address = "http://prometheus.monitoring.svc.cluster.local:9090"
    assert address in files[f"{folder}/configmap_grafana-datasources.yaml"]
    policy = yaml.load(files[f"{folder}/networkpolicy.networking.k8s.io_grafana.yaml"], yaml.CSafeLoader)
    peer = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}
    assert {"to": [peer], "ports": [{"protocol": "TCP", "port": 9090}]} in policy["spec"]["egress"]


def test_a_server_with_a_certificate_is_verified_by_the_authorities_of_the_environment() -> None:
    server = service_endpoint("minio", SALES, "cluster.local", (Port("api", 9000, scheme="https", tls=True),))
    secure = replace(PRODUCTION, trust=Trust("company-ca", "bundle.crt"), tls_issuer="acme-internal")
    mesh = MeshFacts(scrape_targets=(ScrapeTarget(SALES, "minio", server, "/metrics"),))
    built = completes(context_of(COMPONENT, {"runbooks": RUNBOOKS}, settings=secure), mesh)
    (monitor,) = (manifest for manifest in built.objects if manifest["kind"] == "ServiceMonitor")
    (endpoint,) = monitor["spec"]["endpoints"]
    assert endpoint["scheme"] == "https"
    assert endpoint["tlsConfig"] == {
        "ca": {"configMap": {"name": "company-ca", "key": "bundle.crt"}},
        "serverName": f"minio.{SALES}.svc.cluster.local",
    }
    assert schemas_for("1.34", ()).violations(monitor) == ()
