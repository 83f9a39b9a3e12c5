"""Selectors and their pods."""

from __future__ import annotations

import pytest

from check.samples import NAMESPACE, resource, sample, selector
from floe_compiler.check.references.selectors import check
from floe_compiler.link import selectors as linked_selectors

CHECKS = (check, linked_selectors.check)

GONE = {"app.kubernetes.io/name": "gone"}


def test_a_service_without_pods_is_reported() -> None:
    platform = sample()
    platform["Service/dagster"]["spec"]["selector"] = GONE
    assert platform.findings(*CHECKS) == [("C020", "Service floe-platform/dagster", "spec.selector matches no pod")]
    assert platform.hints(*CHECKS) == ["it selects app.kubernetes.io/name=gone"]


def test_a_service_with_external_endpoints_is_accepted() -> None:
    platform = sample()
    del platform["Service/dagster"]["spec"]["selector"]
    assert platform.findings(*CHECKS) == []


@pytest.mark.parametrize(
    "labels",
    [
        {**GONE, "statefulset.kubernetes.io/pod-name": "redis-0"},
        {"batch.kubernetes.io/job-name": "orders"},
        {"cnpg.io/cluster": "orders", "role": "primary"},
    ],
)
def test_pods_labelled_or_created_elsewhere_are_accepted(labels: dict[str, str]) -> None:
    platform = sample()
    platform["Service/dagster"]["spec"]["selector"] = labels
    platform["PodDisruptionBudget/dagster"]["spec"]["selector"] = {"matchLabels": labels}
    assert platform.findings(*CHECKS) == []


@pytest.mark.parametrize(
    ("kind", "labels"),
    [
        ("Prometheus", {"prometheus": "main", "app.kubernetes.io/name": "prometheus"}),
        ("Alertmanager", {"app.kubernetes.io/name": "alertmanager", "app.kubernetes.io/part-of": "monitoring"}),
        ("ThanosRuler", {"app.kubernetes.io/managed-by": "prometheus-operator", "thanos-ruler": "main"}),
        ("PrometheusAgent", {"app.kubernetes.io/instance": "main", "app.kubernetes.io/name": "prometheus-agent"}),
    ],
)
def test_pods_of_the_prometheus_operator_are_known(kind: str, labels: dict[str, str]) -> None:
    platform = sample()
    spec = {"podMetadata": {"labels": {"app.kubernetes.io/part-of": "monitoring"}}}
    version = "v1alpha1" if kind == "PrometheusAgent" else "v1"
    platform.add(resource(f"monitoring.coreos.com/{version}", kind, "main", spec=spec))
    platform["Service/dagster"]["spec"]["selector"] = labels
    platform["PodDisruptionBudget/dagster"]["spec"]["selector"] = {"matchLabels": labels}
    platform["NetworkPolicy/dagster-out"]["spec"]["podSelector"] = {"matchLabels": labels}
    platform["NetworkPolicy/dagster-out"]["spec"]["egress"][0]["to"] = [{"podSelector": {"matchLabels": labels}}]
    assert platform.findings(*CHECKS) == []
    platform["Service/dagster"]["spec"]["selector"] = {**labels, "app.kubernetes.io/name": "another"}
    assert platform.findings(*CHECKS) == [("C020", "Service floe-platform/dagster", "spec.selector matches no pod")]


def test_a_budget_and_a_policy_without_pods_are_reported() -> None:
    platform = sample()
    platform["PodDisruptionBudget/dagster"]["spec"]["selector"] = {"matchLabels": GONE}
    platform["NetworkPolicy/dagster-out"]["spec"]["podSelector"] = {"matchLabels": GONE}
    assert platform.findings(*CHECKS) == [
        ("C020", "NetworkPolicy.networking.k8s.io floe-platform/dagster-out", "spec.podSelector matches no pod"),
        ("C020", "PodDisruptionBudget.policy floe-platform/dagster", "spec.selector matches no pod"),
    ]


def test_launched_pods_count_as_pods() -> None:
    platform = sample()
    platform.facts["launched"] = frozenset()
    assert [subject for _, subject, _ in platform.findings(*CHECKS)] == [
        "NetworkPolicy.networking.k8s.io floe-platform/dagster-run-out",
        "NetworkPolicy.networking.k8s.io floe-platform/polaris-in",
    ]


def test_a_peer_that_matches_no_pod_is_reported() -> None:
    platform = sample()
    peer = platform["NetworkPolicy/dagster-out"]["spec"]["egress"][0]["to"][0]
    peer["podSelector"] = {"matchLabels": GONE}
    expected = f"a podSelector in spec.egress matches no pod in {NAMESPACE}"
    assert [message for _, _, message in platform.findings(*CHECKS)] == [expected]
    peer["namespaceSelector"] = {"matchLabels": {"kubernetes.io/metadata.name": NAMESPACE}}
    assert [message for _, _, message in platform.findings(*CHECKS)] == [expected]
    expression = {"key": "kubernetes.io/metadata.name", "operator": "In", "values": [NAMESPACE]}
    peer["namespaceSelector"] = {"matchExpressions": [expression]}
    assert [message for _, _, message in platform.findings(*CHECKS)] == [expected]
    expression["values"] = [NAMESPACE, "monitoring"]  # whose pods are unknown here
    assert platform.findings(*CHECKS) == []


def test_a_workload_that_does_not_select_its_own_pods_is_reported() -> None:
    platform = sample()
    platform["Deployment/dagster"]["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/component"] = "web"
    findings = platform.findings(*CHECKS)
    assert (
        "C021",
        "Deployment.apps floe-platform/dagster",
        "spec.selector does not match the labels of spec.template",
    ) in findings


def test_a_workload_that_selects_everything_is_reported() -> None:
    platform = sample()
    platform["Deployment/dagster"]["spec"]["selector"] = {}
    assert "C021" in [code for code, _, _ in platform.findings(*CHECKS)]


def test_two_workloads_that_select_the_same_pods_are_reported() -> None:
    platform = sample()
    platform.copy_of("Deployment/dagster", "dagster-canary")
    codes = [(code, subject) for code, subject, _ in platform.findings(*CHECKS)]
    assert codes == [
        ("C023", "Service floe-platform/dagster"),
        ("C022", "Deployment.apps floe-platform/dagster"),
        ("C022", "Deployment.apps floe-platform/dagster-canary"),
    ]


def test_the_same_labels_in_another_namespace_do_not_conflict() -> None:
    platform = sample()
    other = platform.copy_of("Deployment/dagster", "dagster")
    other["metadata"]["namespace"] = "elsewhere"
    platform.objects["other"] = other
    platform.objects["Deployment/dagster"] = sample()["Deployment/dagster"]
    assert platform.findings(*CHECKS) == []


def test_a_service_that_also_selects_a_job_is_reported() -> None:
    platform = sample()
    platform["Job/migrate-1a2b3c4d"]["spec"]["template"]["metadata"]["labels"] |= selector("dagster")
    findings = [finding for finding in platform.findings(*CHECKS) if finding[0] == "C023"]
    message = "spec.selector matches the pods of Deployment dagster, Job migrate-1a2b3c4d"
    assert findings == [("C023", "Service floe-platform/dagster", message)]


def test_a_service_that_selects_only_a_job_is_reported() -> None:
    platform = sample()
    platform.add(resource("v1", "Service", "migrate", spec={"selector": selector("migrate"), "ports": [{"port": 80}]}))
    assert [code for code, _, _ in platform.findings(*CHECKS)] == ["C023"]


def test_a_service_that_selects_launched_pods_is_accepted() -> None:
    platform = sample()
    spec = {"selector": selector("dagster-run"), "ports": [{"port": 80}]}
    platform.add(resource("v1", "Service", "runs", spec=spec))
    assert platform.findings(*CHECKS) == []


def test_a_policy_for_all_pods_of_an_empty_namespace_is_accepted() -> None:
    platform = sample()
    platform.copy_of("NetworkPolicy/default-deny", "deny")["metadata"]["namespace"] = "empty"
    assert platform.findings(*CHECKS) == []
