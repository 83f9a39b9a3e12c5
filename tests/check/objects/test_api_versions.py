"""Removed and deprecated API versions."""

from __future__ import annotations

import pytest

from check.samples import resource, sample
from floe_compiler.check.objects import schema
from floe_compiler.check.objects.api_versions import check
from floe_compiler.check.objects.kubernetes.life_cycles import life_cycles, parse_version
from floe_compiler.model.kubernetes_schemas import known_versions, kubernetes_schemas
from tables import table


@pytest.mark.parametrize(
    ("version", "findings"),
    [
        ("1.20", []),
        ("1.21", [("C005", "batch/v1beta1 CronJob has been deprecated since Kubernetes 1.21")]),
        ("1.24.9", [("C005", "batch/v1beta1 CronJob has been deprecated since Kubernetes 1.21")]),
        ("1.25", [("C004", "batch/v1beta1 CronJob was removed in Kubernetes 1.25")]),
        ("1.34", [("C004", "batch/v1beta1 CronJob was removed in Kubernetes 1.25")]),
    ],
)
def test_a_version_is_first_deprecated_and_then_removed(version: str, findings: list[tuple[str, str]]) -> None:
    platform = sample()
    platform["CronJob/backup"]["apiVersion"] = "batch/v1beta1"
    platform.facts["kubernetes_version"] = version
    assert [(code, message) for code, _, message in platform.findings(check)] == findings


def test_the_replacement_is_named() -> None:
    platform = sample()
    platform["PodDisruptionBudget/polaris"]["apiVersion"] = "policy/v1beta1"
    assert platform.hints(check) == ["use policy/v1"]


def test_the_same_kind_in_another_group_is_not_checked() -> None:
    platform = sample()
    platform.add(resource("example.com/v1beta1", "CronJob", "toy"))
    assert platform.findings(check) == []


@table(
    "api_version, kind, hint",
    [
        ("v1", "Configmap", 'did you mean "ConfigMap"?'),
        ("v1", "Secrett", 'did you mean "Secret"?'),
        ("v2", "ConfigMap", "write apiVersion: v1"),
        ("app/v1", "Deployment", "write apiVersion: apps/v1"),
        ("v1", "deployment", "write apiVersion: apps/v1, kind: Deployment"),
        ("networking/v1", "NetworkPolicy", "write apiVersion: networking.k8s.io/v1"),
        ("extensions/v1", "Ingress", "write apiVersion: networking.k8s.io/v1"),
        ("autoscaling/v3", "HorizontalPodAutoscaler", "write apiVersion: autoscaling/v2"),
        ("events.k8s.io/v2", "Event", "write apiVersion: events.k8s.io/v1"),
        ("rbac.authorization.k8s.io/v1", "Rol", 'did you mean "Role"?'),
        ("v1", "Zoo", ""),
    ],
)
def test_a_kind_that_kubernetes_does_not_have_is_refused(api_version: str, kind: str, hint: str) -> None:
    platform = sample()
    platform.add(resource(api_version, kind, "mine"))
    assert [(code, message) for code, _, message in platform.findings(check)] == [
        ("C006", f"Kubernetes 1.34 has no {api_version} {kind}")
    ]
    assert platform.hints(check) == [hint]


@pytest.mark.parametrize("api_version", ["gateway.networking.k8s.io/v1", "apps.example.com/v1"])
def test_a_custom_resource_may_be_of_any_kind(api_version: str) -> None:
    platform = sample()
    platform.add(resource(api_version, "Deploymentt", "mine"))
    assert platform.findings(check) == []


@pytest.mark.parametrize("kind", ["ExternalSecret", "SecretStore", "ClusterSecretStore", "ClusterExternalSecret"])
def test_versions_that_an_operator_no_longer_serves_are_refused(kind: str) -> None:
    platform = sample()
    platform.add(resource("external-secrets.io/v1beta1", kind, "mine"))
    message = f"external-secrets.io/v1beta1 {kind} was removed in External Secrets 0.17"
    assert [(code, message) for code, _, message in platform.findings(check)] == [("C004", message)]
    assert platform.hints(check) == ["write apiVersion: external-secrets.io/v1"]
    assert platform.findings(schema.check) == []


def test_versions_in_a_definition_of_the_mesh_are_accepted() -> None:
    platform = sample()
    platform.add(resource("external-secrets.io/v1beta1", "SecretStore", "mine"))
    version = {"name": "v1beta1", "schema": {"openAPIV3Schema": {"type": "object"}}}
    spec = {"group": "external-secrets.io", "names": {"kind": "SecretStore"}, "versions": [version]}
    platform.add(resource("apiextensions.k8s.io/v1", "CustomResourceDefinition", "stores", spec=spec))
    assert platform.findings(check) == []


ADMISSION = "use admissionregistration.k8s.io/v1"


@table(
    "api_version, kind, version, code, hint",
    [
        ("networking.k8s.io/v1beta1", "ServiceCIDR", "1.33", "", ""),
        ("networking.k8s.io/v1beta1", "ServiceCIDR", "1.34", "C005", "use networking.k8s.io/v1"),
        ("networking.k8s.io/v1beta1", "IPAddress", "1.37", "C004", "use networking.k8s.io/v1"),
        ("storage.k8s.io/v1beta1", "VolumeAttributesClass", "1.34", "C005", "use storage.k8s.io/v1"),
        ("resource.k8s.io/v1beta1", "ResourceClaim", "1.35", "C005", "use resource.k8s.io/v1"),
        ("resource.k8s.io/v1beta2", "DeviceClass", "1.36", "C005", "use resource.k8s.io/v1"),
        ("resource.k8s.io/v1beta1", "ResourceSlice", "1.38", "C004", "use resource.k8s.io/v1"),
        ("admissionregistration.k8s.io/v1beta1", "ValidatingAdmissionPolicy", "1.30", "", ""),
        ("admissionregistration.k8s.io/v1beta1", "ValidatingAdmissionPolicy", "1.31", "C005", ADMISSION),
        ("coordination.k8s.io/v1beta1", "LeaseCandidate", "1.36", "C005", ""),
        ("networking.k8s.io/v1beta1", "IPAddress", "1.30", "C006", "write apiVersion: networking.k8s.io/v1alpha1"),
    ],
)  # fmt: skip
def test_newer_groups_have_a_life_cycle_too(api_version: str, kind: str, version: str, code: str, hint: str) -> None:
    platform = sample()
    platform.add(resource(api_version, kind, "x", "", spec={}))
    platform.facts["kubernetes_version"] = version
    diagnostics = [(diagnostic.rule.code, diagnostic.hint) for diagnostic in platform.diagnostics(check)]
    assert diagnostics == ([(code, hint)] if code else [])


@table("version", known_versions())
def test_the_life_cycles_agree_with_what_each_version_serves(version: str) -> None:
    schemas = kubernetes_schemas(version)
    assert schemas is not None
    target = parse_version(version)
    served = {key: cycle for key, cycle in life_cycles().items() if key in schemas.kinds}
    assert not {key for key, cycle in served.items() if target < cycle.introduced}
    assert not {key for key, cycle in served.items() if cycle.removed and cycle.removed <= target}
