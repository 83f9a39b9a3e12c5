"""Quantities."""

from __future__ import annotations

import re
from typing import Any

import pytest

from check.samples import Platform, resource, sample
from floe_compiler.check.objects.quantities import check
from floe_compiler.model.quantities import parse_quantity, wrong_bytes
from tables import table

MAIN = "spec.template.spec.containers[dagster].resources"


def limited(value: Any) -> Platform:
    platform = sample()
    platform.container("Deployment/dagster")["resources"]["limits"]["cpu"] = value
    return platform


@pytest.mark.parametrize(
    ("value", "canonical"),
    [("1000m", "1"), ("0.5", "500m"), ("3072Mi", "3Gi"), (1, "1"), (0.5, "500m")],
)
def test_quantities_that_kubernetes_rewrites_are_reported(value: Any, canonical: str) -> None:
    platform = limited(value)
    message = f"{MAIN}.limits.cpu is {value!r}"
    assert platform.findings(check) == [("C161", "Deployment.apps floe-platform/dagster", message)]
    assert platform.hints(check) == [f'write "{canonical}"']


@pytest.mark.parametrize("value", ["1", "500m", "3Gi"])
def test_canonical_quantities_are_accepted(value: str) -> None:
    assert limited(value).findings(check) == []


@pytest.mark.parametrize("value", ["1 core", "5gb", ""])
def test_invalid_quantities_are_reported(value: str) -> None:
    ((code, _, message),) = limited(value).findings(check)
    assert code == "C160"
    assert message.startswith(f"{MAIN}.limits.cpu: ")


@table(
    "value, problem, hint",
    [
        ("3500m", '"3500m" is in fractions of a byte: "m" is a suffix for CPU', 'did you mean "3500Mi" or "3500Gi"?'),
        (
            "128974848000m",
            '"128974848000m" is in fractions of a byte: "m" is a suffix for CPU',
            'did you mean "123Mi"?',
        ),
        ("1.1Gi", '"1.1Gi" is not a whole number of bytes', 'did you mean "1127Mi"?'),
        ("0.3G", "", 'write "300M"'),
        ("512", '"512" is 512 bytes, which is too small', 'did you mean "512Mi" or "512Gi"?'),
        (
            "128974848m",
            '"128974848m" is in fractions of a byte: "m" is a suffix for CPU',
            'did you mean "123Mi"?',
        ),
        ("0.5", '"0.5" is 0.5 bytes, which is too small', 'did you mean "512Mi" or "512Gi"?'),
        ("0.3k", '"0.3k" is 300 bytes, which is too small', 'did you mean "308Mi" or "308Gi"?'),
        ("1.5", '"1.5" is 1.5 bytes, which is too small', 'did you mean "1536Ki" or "1536Mi"?'),
        ("1e3", '"1e3" is 1,000 bytes, which is too small', 'did you mean "1Mi" or "1Gi"?'),
    ],
)
def test_an_implausible_amount_of_bytes_is_reported(value: str, problem: str, hint: str) -> None:
    platform = sample()
    platform.container("Deployment/dagster")["resources"]["limits"]["memory"] = value
    ((code, _, message),) = platform.findings(check)
    assert (code, message) == (
        ("C172", f"{MAIN}.limits.memory: {problem}") if problem else ("C161", f"{MAIN}.limits.memory is {value!r}")
    )
    assert platform.hints(check) == [hint]

    suggestions = re.findall(r'"(.+?)"', hint)
    assert all(str(parse_quantity(text)) == text and not wrong_bytes(text) for text in suggestions if problem)


@table(
    "name, value, code",
    [
        ("gold.storageclass.storage.k8s.io/requests.storage", "700m", "C172"),
        ("requests.hugepages-2Mi", "2500m", "C172"),
        ("requests.ephemeral-storage", "1.1Gi", "C172"),
        ("pods", "1500m", "C210"),
        ("count/jobs.batch", "1.5", "C210"),
        ("services.loadbalancers", "500m", "C210"),
        ("requests.nvidia.com/gpu", "1500m", "C210"),
        ("gold.storageclass.storage.k8s.io/persistentvolumeclaims", "2500m", "C210"),
        ("requests.cpu", "1500m", ""),
        ("count/jobs.batch", "1k", ""),
        ("requests.nvidia.com/gpu", "8", ""),
    ],
)
def test_fractions_in_quotas(name: str, value: str, code: str) -> None:
    platform = sample()
    platform["ResourceQuota/quota"]["spec"]["hard"] = {name: value}
    assert [finding[0] for finding in platform.findings(check)] == ([code] if code else [])


def test_what_is_counted_in_containers() -> None:
    platform = sample()
    platform.container("Deployment/dagster")["resources"]["limits"]["nvidia.com/gpu"] = "500m"
    assert platform.hints(check) == ['did you mean "1"?']


def test_a_ratio_is_not_a_quantity() -> None:
    platform = sample()
    ratios = {"memory": "2", "cpu": "4", "nvidia.com/gpu": "1500m"}
    limits = {"type": "Container", "maxLimitRequestRatio": ratios}
    platform.add(resource("v1", "LimitRange", "limits", spec={"limits": [limits]}))
    assert platform.findings(check) == []


def test_bytes_in_quotas_and_volumes() -> None:
    platform = sample()
    platform["ResourceQuota/quota"]["spec"]["hard"] |= {"requests.memory": "64m", "requests.storage": "0"}
    platform.pod("CronJob/backup")["volumes"] = [{"name": "tmp", "emptyDir": {"sizeLimit": "64"}}]
    assert [code for code, _, _ in platform.findings(check)] == ["C172", "C172"]


def test_quantities_are_found_at_any_depth() -> None:
    platform = sample()
    platform["ResourceQuota/quota"]["spec"]["hard"]["requests.cpu"] = "4000m"
    claim = platform["StatefulSet/postgres"]["spec"]["volumeClaimTemplates"][0]
    claim["spec"]["resources"]["requests"]["storage"] = "10240Mi"
    pod = platform.pod("CronJob/backup")
    pod["volumes"] = [{"name": "tmp", "emptyDir": {"sizeLimit": "1024Mi"}}]
    metric = {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "x", "averageValue": "1000m"}}}
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "dagster"}
    spec = {"scaleTargetRef": target, "maxReplicas": 3, "metrics": [metric]}
    platform.add(resource("autoscaling/v2", "HorizontalPodAutoscaler", "dagster", spec=spec))
    limits = {"type": "Container", "default": {"cpu": "1000m"}}
    platform.add(resource("v1", "LimitRange", "limits", spec={"limits": [limits]}))
    assert [message for _, _, message in platform.findings(check)] == [
        "spec.limits[0].default.cpu is '1000m'",
        "spec.hard.requests.cpu is '4000m'",
        "spec.volumeClaimTemplates[data].spec.resources.requests.storage is '10240Mi'",
        "spec.metrics[0].resource.target.averageValue is '1000m'",
        "spec.jobTemplate.spec.template.spec.volumes[tmp].emptyDir.sizeLimit is '1024Mi'",
    ]


def test_fields_that_only_look_like_quantities_are_not_checked() -> None:
    platform = sample()
    platform["ConfigMap/polaris"]["data"]["cpu"] = "1000m"
    assert platform.findings(check) == []
