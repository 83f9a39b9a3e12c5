"""Fields behind a feature gate."""

from __future__ import annotations

import pytest

from check.samples import Platform, resource, sample
from floe_compiler.check.objects.dropped_fields import check
from floe_compiler.check.objects.kubernetes.gated_fields import gated_fields
from floe_compiler.model.kubernetes_schemas import known_versions, kubernetes_schemas


def service(version: str, **spec: object) -> Platform:
    platform = sample()
    platform.objects.clear()
    platform.add(resource("v1", "Service", "x", spec={"ports": [{"port": 80}], **spec}))
    platform.facts["kubernetes_version"] = version
    return platform


@pytest.mark.parametrize(("version", "count"), [("1.30", 1), ("1.30.4", 1), ("1.31", 0), ("1.33", 0)])
def test_a_field_is_dropped_until_its_gate_is_on_by_default(version: str, count: int) -> None:
    platform = service(version, trafficDistribution="PreferClose")
    message = (
        f"spec.trafficDistribution is dropped by Kubernetes {version} without the feature gate "
        "ServiceTrafficDistribution, which is on by default since 1.31"
    )
    assert [(code, text) for code, _, text in platform.findings(check)] == [("C168", message)] * count
    assert service(version).findings(check) == []


def test_a_gate_may_be_off_in_all_versions() -> None:
    platform = sample()
    platform.facts["kubernetes_version"] = "1.37"
    (claim,) = (manifest for manifest in platform.objects.values() if manifest["kind"] == "StatefulSet")
    template = claim["spec"]["volumeClaimTemplates"][0]["spec"]
    template["dataSourceRef"] = {"kind": "PersistentVolumeClaim", "name": "x", "namespace": "y"}
    place = "spec.volumeClaimTemplates[data].spec.dataSourceRef.namespace"
    message = f"{place} is dropped by Kubernetes 1.37 without the feature gate CrossNamespaceVolumeDataSource"
    assert [text for _, _, text in platform.findings(check)] == [message]


def test_the_fields_exist() -> None:
    every = [schemas.names for version in known_versions() if (schemas := kubernetes_schemas(version))]
    known = {(type_, field) for names in every for type_ in names for field in names[type_].get("properties", ())}
    assert not {(type_, field) for type_, fields in gated_fields().items() for field in fields} - known
