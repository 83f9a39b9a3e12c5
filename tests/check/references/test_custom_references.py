"""References of custom resources, which resolve as those of Kubernetes' own objects."""

from __future__ import annotations

from typing import Any

import pytest

from check.samples import Platform, resource, sample
from floe_compiler.check.references import config_references, object_references, selectors
from floe_compiler.link import references as linked_references
from tables import table

CHECKS = (object_references.check, linked_references.check)
GATEWAY = "gateway.networking.k8s.io"


def route(**backend: Any) -> Platform:
    platform = sample()
    rules = [{"backendRefs": [{"name": "dagster", "port": 3000, **backend}]}]
    platform.add(resource(f"{GATEWAY}/v1", "HTTPRoute", "web", spec={"rules": rules}))
    return platform


def test_a_route_to_a_service_is_accepted() -> None:
    assert route().findings(*CHECKS) == []


@pytest.mark.parametrize(
    ("backend", "code", "message"),
    [
        (
            {"name": "dagsters"},
            "C047",
            "spec.rules[0].backendRefs[dagsters] names Service dagsters, which does not exist",
        ),
        (
            {"namespace": "elsewhere"},
            "C047",
            "spec.rules[0].backendRefs[dagster] names Service dagster, which does not exist",
        ),
        ({"port": 81}, "C049", "spec.rules[0].backendRefs[dagster] forwards to port 81 of Service dagster"),
    ],
)
def test_a_route_to_a_missing_service_is_reported(backend: dict[str, Any], code: str, message: str) -> None:
    assert route(**backend).findings(*CHECKS) == [(code, f"HTTPRoute.{GATEWAY} floe-platform/web", message)]


def test_a_route_to_a_service_created_elsewhere_is_accepted() -> None:
    platform = route(name="theirs")
    platform["HTTPRoute/web"]["metadata"]["annotations"] = {"floe.dev/external-references": "Service/theirs"}
    assert platform.findings(*CHECKS) == []


def test_a_route_to_a_service_of_an_operator_is_accepted() -> None:
    platform = route(name="db-rw", port=5432)
    assert [code for code, _, _ in platform.findings(*CHECKS)] == ["C047"]
    platform.add(resource("postgresql.cnpg.io/v1", "Cluster", "db", spec={"instances": 1}))
    assert platform.findings(*CHECKS) == []


CASES: dict[str, tuple[str, str, dict[str, Any], str]] = {
    "Istio": (
        "networking.istio.io/v1",
        "VirtualService",
        {"http": [{"route": [{"destination": {"host": "x"}}]}]},
        "spec.http[0].route[0].destination.host names Service x",
    ),
    "GRPC": (
        f"{GATEWAY}/v1",
        "GRPCRoute",
        {"rules": [{"backendRefs": [{"name": "x", "port": 80}]}]},
        "spec.rules[0].backendRefs[x] names Service x",
    ),
    "a certificate's issuer": (
        "cert-manager.io/v1",
        "Certificate",
        {"secretName": "tls", "issuerRef": {"name": "x"}},
        "spec.issuerRef names Issuer x",
    ),
    "an issuer's secret": (
        "cert-manager.io/v1",
        "Issuer",
        {"ca": {"secretName": "x"}},
        "spec.ca.secretName names Secret x",
    ),
    "a gateway's certificate": (
        f"{GATEWAY}/v1",
        "Gateway",
        {"listeners": [{"name": "https", "tls": {"certificateRefs": [{"name": "x"}]}}]},
        "spec.listeners[https].tls.certificateRefs[x] names Secret x",
    ),
    "an autoscaler of any kind": (
        "autoscaling/v2",
        "HorizontalPodAutoscaler",
        {"scaleTargetRef": {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "name": "x"}, "maxReplicas": 2},
        "spec.scaleTargetRef names Rollout x",
    ),
    "KEDA": (
        "keda.sh/v1alpha1",
        "ScaledObject",
        {"scaleTargetRef": {"name": "x"}},
        "spec.scaleTargetRef names Deployment x",
    ),
    "a scraper's login": (
        "monitoring.coreos.com/v1",
        "ServiceMonitor",
        {"endpoints": [{"basicAuth": {"password": {"name": "x", "key": "p"}}}]},
        "spec.endpoints[0].basicAuth.password names Secret x",
    ),
    "a Pooler's cluster": (
        "postgresql.cnpg.io/v1",
        "Pooler",
        {"cluster": {"name": "x"}},
        "spec.cluster names Cluster x",
    ),
    "Spark": (
        "sparkoperator.k8s.io/v1beta2",
        "SparkApplication",
        {"driver": {"serviceAccount": "x"}},
        "spec.driver.serviceAccount names ServiceAccount floe-platform/x",
    ),
}


@table("case", CASES)
def test_missing_objects_are_reported(case: str) -> None:
    api_version, kind, spec, message = CASES[case]
    platform = sample()
    platform.add(resource(api_version, kind, "one", spec=spec))
    (finding,) = platform.findings(*CHECKS)
    assert finding[2] == f"{message}, which does not exist"


def test_the_secret_of_a_certificate_serves_a_gateway() -> None:
    platform = sample()
    listener = {"name": "https", "tls": {"certificateRefs": [{"name": "tls"}]}}
    platform.add(resource(f"{GATEWAY}/v1", "Gateway", "public", spec={"listeners": [listener]}))
    assert len(platform.findings(*CHECKS)) == 1
    spec = {"secretName": "tls", "issuerRef": {"kind": "ClusterIssuer", "name": "letsencrypt"}}
    platform.add(resource("cert-manager.io/v1", "Certificate", "tls", spec=spec))
    assert platform.findings(*CHECKS) == []


def test_cert_manager_makes_the_certificates_of_a_gateway_that_asks_for_them() -> None:
    platform = sample()
    listener = {"name": "https", "tls": {"certificateRefs": [{"name": "tls"}]}}
    gateway = platform.add(resource(f"{GATEWAY}/v1", "Gateway", "public", spec={"listeners": [listener]}))
    gateway["metadata"]["annotations"] = {"cert-manager.io/cluster-issuer": "letsencrypt"}
    assert platform.findings(*CHECKS) == []


def test_pods_use_the_secret_that_an_operator_creates() -> None:
    platform = sample()
    platform.container("Deployment/dagster")["envFrom"] = [{"secretRef": {"name": "db-app"}}]
    assert [code for code, _, _ in platform.findings(config_references.check)] == ["C040"]
    platform.add(resource("postgresql.cnpg.io/v1", "Cluster", "db", spec={"instances": 1}))
    assert platform.findings(config_references.check) == []


DAGSTER = {"app.kubernetes.io/name": "dagster"}
NOBODY = {"app.kubernetes.io/name": "nobody"}


def test_selectors_of_mesh_policies_are_checked() -> None:
    platform = sample()
    spec = {"selector": {"matchLabels": NOBODY}}
    policy = platform.add(resource("security.istio.io/v1", "AuthorizationPolicy", "one", spec=spec))
    assert [message for _, _, message in platform.findings(selectors.check)] == ["spec.selector matches no pod"]
    policy["spec"]["selector"]["matchLabels"] = DAGSTER
    assert platform.findings(selectors.check) == []
