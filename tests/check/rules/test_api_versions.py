"""API versions that are gone or going."""

from __future__ import annotations

import pytest

from check.samples import resource, sample
from floe_compiler.check.rules.api_versions import check


@pytest.mark.parametrize(
    ("version", "found"),
    [
        ("1.20", []),
        ("1.21", [("C005", "batch/v1beta1 CronJob is deprecated since Kubernetes 1.21")]),
        ("1.24.9", [("C005", "batch/v1beta1 CronJob is deprecated since Kubernetes 1.21")]),
        ("1.25", [("C004", "batch/v1beta1 CronJob is removed since Kubernetes 1.25")]),
        ("1.34", [("C004", "batch/v1beta1 CronJob is removed since Kubernetes 1.25")]),
    ],
)
def test_a_version_is_first_deprecated_and_then_removed(version: str, found: list[tuple[str, str]]) -> None:
    platform = sample()
    platform["CronJob/backup"]["apiVersion"] = "batch/v1beta1"
    platform.facts["kubernetes_version"] = version
    assert [(code, message) for code, _, message in platform.findings(check)] == found


def test_the_replacement_is_named() -> None:
    platform = sample()
    platform["PodDisruptionBudget/polaris"]["apiVersion"] = "policy/v1beta1"
    assert platform.hints(check) == ["use policy/v1"]


def test_the_same_kind_of_another_group_is_left_alone() -> None:
    platform = sample()
    platform.add(resource("example.com/v1beta1", "CronJob", "toy"))
    assert platform.findings(check) == []
