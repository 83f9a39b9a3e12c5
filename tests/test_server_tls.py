"""TLS between pods in a whole mesh: every client uses it, and users still have access."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from floe_compiler.model.diagnostics import StageFailed
from small_mesh import DOMAIN, ENVIRONMENT, MANIFEST, PRODUCT, small_mesh
from test_ingress import CONTROLLER, GATEWAY, SERVICES
from test_third_party_monitor import Output

TRUST: dict[str, Any] = {
    "bundle": {"type": "config-map", "name": "company-ca", "key": "ca.crt", "truststore": "ca.p12"},
}
RUNBOOKS = "https://wiki.example.com/runbooks"


def mesh(root: Path, ingress: Any = None, trust: Any = None, metrics: str = "prometheus", **services: Any) -> Path:
    """Return a mesh with every server that can use TLS."""
    shared = {
        **SERVICES,
        "observability": {
            **SERVICES["observability"],  # type: ignore[dict-item]
            "metrics": {"type": metrics, "runbooks": RUNBOOKS},
            **(
                {"dashboards": {"type": "grafana", "url": "https://grafana.acme.example"}}
                if metrics == "prometheus"
                else {}
            ),
        },
        "databases": {"backup": {"type": "minio", "schedule": "0 3 * * *"}},
        "delivery": {"type": "argocd", "repository": "https://github.com/acme/small.git", "path": "."},
        **services,
    }
    prometheus = {} if metrics != "prometheus" else {"metrics": {"url": "https://prometheus.acme.example"}}
    return small_mesh(
        root / "mesh",
        {
            MANIFEST: {**shared, "locks": None},
            DOMAIN: {"orchestrator": {"type": "dagster"}, "cache": {"type": "redis"}},
            PRODUCT: {"cache": True},
            ENVIRONMENT: {
                "cluster": {"name": "kind", "ingress_namespace": CONTROLLER},
                "ingress": {**GATEWAY, **(ingress or {})},
                "trust": trust or TRUST,
                "tls": {"issuer": "acme-internal"},
                "platform": {"observability": prometheus},
            },
        },
    )


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Output:
    return Output(mesh(tmp_path_factory.mktemp("secure")))


def kinds(output: Output, kind: str) -> dict[str, Any]:
    return {key[2]: manifest for key, manifest in output.objects.items() if key[1] == kind}


def test_each_server_has_a_certificate(output: Output) -> None:
    servers = {name.removesuffix("-server-tls") for name in kinds(output, "Certificate")}
    assert {"minio", "redis", "polaris", "otel-collector", "jaeger", "grafana"} <= servers
    assert any(name.endswith("postgresql") for name in servers)


def test_no_client_is_configured_without_tls(output: Output) -> None:
    texts = "\n".join(json.dumps(manifest) for manifest in output.objects.values())
    assert "https://minio.floe-platform.svc.cluster.local:9000" in texts
    assert "rediss://redis.floe-sales-domain.svc.cluster.local:6379" in texts
    for url in ("http://minio.", "redis://redis.", "http://polaris.", "http://otel-collector."):
        assert url not in texts.replace("rediss://", "")


def test_the_gateway_verifies_servers_without_a_login_proxy(output: Output) -> None:
    policies = kinds(output, "BackendTLSPolicy")
    assert set(policies) == {"grafana", "minio"}
    spec = policies["minio"]["spec"]
    assert spec["targetRefs"] == [{"group": "", "kind": "Service", "name": "minio", "sectionName": "console"}]
    assert spec["validation"] == {
        "caCertificateRefs": [{"group": "", "kind": "ConfigMap", "name": "company-ca"}],
        "hostname": "minio.floe-platform.svc.cluster.local",
    }
    (rule,) = kinds(output, "HTTPRoute")["minio"]["spec"]["rules"]
    assert rule["backendRefs"] == [{"name": "minio", "port": 9001}]


def test_grafana_reads_its_certificate_and_metrics_come_over_tls(output: Output) -> None:
    settings = kinds(output, "ConfigMap")["grafana"]["data"]["grafana.ini"]
    assert "protocol = https" in settings
    assert "cert_file = /run/tls/tls.crt" in settings
    scraped = kinds(output, "ConfigMap")["prometheus"]["data"]["prometheus.yml"]
    assert scraped.count("server_name: grafana.floe-platform.svc.cluster.local") == 1
    assert scraped.count("server_name: minio.floe-platform.svc.cluster.local") == 1


def test_without_tls_annotations_grafana_uses_http_and_minio_is_not_opened(tmp_path: Path) -> None:
    with pytest.raises(StageFailed) as failed:
        Output(mesh(tmp_path / "open", {"type": "ingress"}))
    (diagnostic,) = failed.value.diagnostics
    assert diagnostic.rule.code == "R074"
    assert "minio" in diagnostic.message
    assert "hosts: {minio: false}" in str(diagnostic.hint)

    few: dict[str, Any] = {"catalog": None, "databases": None}
    closed = Output(mesh(tmp_path / "closed", {"type": "ingress", "hosts": {"minio": False}}, **few))
    assert "protocol" not in kinds(closed, "ConfigMap")["grafana"]["data"]["grafana.ini"]
    assert "grafana-server-tls" not in kinds(closed, "Certificate")

    annotations = {"example.com/backend-protocol": "HTTPS"}
    configured = Output(mesh(tmp_path / "said", {"type": "ingress", "server_tls_annotations": annotations}, **few))
    annotated = {
        name
        for name, manifest in kinds(configured, "Ingress").items()
        if annotations.items() <= manifest["metadata"].get("annotations", {}).items()
    }
    assert annotated == {"grafana", "minio"}


def test_a_gateway_finds_the_authorities_under_one_key_only(tmp_path: Path) -> None:
    bundle = {**TRUST["bundle"], "key": "bundle.pem"}
    with pytest.raises(StageFailed) as failed:
        Output(mesh(tmp_path, trust={"bundle": bundle}))
    (diagnostic,) = failed.value.diagnostics
    assert diagnostic.rule.code == "R074"
    assert "bundle.pem" in diagnostic.message


def test_java_needs_a_truststore(tmp_path: Path) -> None:
    bundle = {name: value for name, value in TRUST["bundle"].items() if name != "truststore"}
    with pytest.raises(StageFailed) as failed:
        Output(mesh(tmp_path, trust={"bundle": bundle}))
    (diagnostic,) = failed.value.diagnostics
    assert diagnostic.rule.code == "R069"
    assert "polaris calls minio.floe-platform.svc.cluster.local" in diagnostic.message
    assert "marquez" not in diagnostic.message, "it calls PostgreSQL alone, whose driver reads PEM"


def test_clients_of_operators_have_their_own_settings_for_tls(tmp_path: Path) -> None:
    output_ = Output(mesh(tmp_path, metrics="prometheus-operator", catalog=POLARIS))
    (store,) = kinds(output_, "ObjectStore").values()
    assert store["spec"]["configuration"]["endpointCA"]["key"] == "ca.crt"
    monitor = kinds(output_, "ServiceMonitor")["floe-platform.minio"]
    assert monitor["spec"]["endpoints"][0]["tlsConfig"]["ca"] == {"configMap": {"name": "company-ca", "key": "ca.crt"}}


def test_all_clients_of_seaweedfs_use_tls(tmp_path: Path) -> None:
    chosen: dict[str, Any] = {"storage": {"type": "seaweedfs", "console": True}, "catalog": POLARIS}
    output_ = Output(mesh(tmp_path, databases={"backup": {"type": "seaweedfs", "schedule": "0 3 * * *"}}, **chosen))
    texts = "\n".join(json.dumps(manifest) for manifest in output_.objects.values())
    assert "http://seaweedfs." not in texts
    assert "https://seaweedfs.floe-platform.svc.cluster.local:8333" in texts
    assert "seaweedfs-server-tls" in kinds(output_, "Certificate")
    (store,) = kinds(output_, "ObjectStore").values()
    assert store["spec"]["configuration"]["endpointCA"]["key"] == "ca.crt"
    spec = kinds(output_, "BackendTLSPolicy")["seaweedfs"]["spec"]
    assert spec["targetRefs"] == [{"group": "", "kind": "Service", "name": "seaweedfs", "sectionName": "console"}]
    scraped = kinds(output_, "ConfigMap")["prometheus"]["data"]["prometheus.yml"]
    assert "server_name: seaweedfs" not in scraped, "its metrics have no TLS"


POLARIS = {"type": "polaris", "database": {"type": "cloudnative-pg"}}
