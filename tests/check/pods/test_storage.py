"""Volume claims."""

from __future__ import annotations

from typing import Any

import pytest

from check.samples import Platform, resource, sample
from floe_compiler.check.pods.storage import check

POSTGRES = "StatefulSet.apps floe-platform/postgres"


def claim_of(platform: Platform) -> Any:
    return platform["StatefulSet/postgres"]["spec"]["volumeClaimTemplates"][0]


def test_a_claim_needs_a_storage_class_and_a_size() -> None:
    platform = sample()
    claim_of(platform)["spec"] = {"accessModes": ["ReadWriteOnce"]}
    platform.add(resource("v1", "PersistentVolumeClaim", "more", spec={"storageClassName": ""}))
    place = "spec.volumeClaimTemplates[data].spec"
    assert platform.findings(check) == [
        ("C120", "PersistentVolumeClaim floe-platform/more", "spec.storageClassName is missing"),
        ("C120", "PersistentVolumeClaim floe-platform/more", "spec.resources.requests.storage is missing"),
        ("C120", POSTGRES, f"{place}.storageClassName is missing"),
        ("C120", POSTGRES, f"{place}.resources.requests.storage is missing"),
    ]


@pytest.mark.parametrize("label", ["app.kubernetes.io/version", "helm.sh/chart"])
def test_a_claim_template_with_a_changing_label_is_reported(label: str) -> None:
    platform = sample()
    claim_of(platform)["metadata"]["labels"][label] = "16.4"
    message = f"spec.volumeClaimTemplates[data].metadata.labels has {label}"
    assert platform.findings(check) == [("C121", POSTGRES, message)]


@pytest.mark.parametrize(
    ("mode", "strategy", "codes"),
    [
        ("ReadWriteOnce", "RollingUpdate", ["C122"]),
        ("ReadWriteOncePod", "RollingUpdate", ["C122"]),
        ("ReadWriteMany", "RollingUpdate", []),
        ("ReadWriteOnce", "Recreate", []),
    ],
)
def test_a_rolling_update_with_a_volume_of_one_pod_is_reported(mode: str, strategy: str, codes: list[str]) -> None:
    platform = sample()
    size = {"requests": {"storage": "1Gi"}}
    claim = {"accessModes": [mode], "storageClassName": "standard", "resources": size}
    platform.add(resource("v1", "PersistentVolumeClaim", "data", spec=claim))
    platform.pod("Deployment/dagster")["volumes"] = [{"name": "x", "persistentVolumeClaim": {"claimName": "data"}}]
    platform["Deployment/dagster"]["spec"]["strategy"] = {"type": strategy}
    assert [code for code, _, _ in platform.findings(check)] == codes
