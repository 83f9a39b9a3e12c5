"""Requests and limits."""

from __future__ import annotations

import pytest

from check.samples import container, resource, sample
from floe_compiler.check.pods.resources import check

POLARIS = "Deployment.apps floe-platform/polaris"
MAIN = "spec.template.spec.containers[polaris].resources"


def test_missing_requests_and_limits_are_named() -> None:
    platform = sample()
    del platform.container("Deployment/polaris")["resources"]["requests"]["memory"]
    del platform.container("Deployment/polaris")["resources"]["limits"]
    message = f"{MAIN} lacks requests.memory, limits.cpu, limits.memory"
    assert platform.findings(check) == [("C080", POLARIS, message)]


def test_init_containers_need_them_too() -> None:
    platform = sample()
    first = container("first")
    del first["resources"]
    platform.pod("CronJob/backup")["initContainers"] = [first]
    assert [code for code, _, _ in platform.findings(check)] == ["C080"]


def test_a_request_above_its_limit_is_reported() -> None:
    platform = sample()
    resources = platform.container("Deployment/polaris")["resources"]
    resources["requests"]["cpu"] = "1"
    assert platform.findings(check) == []  # 1 is the limit
    resources["requests"]["cpu"] = "1001m"
    assert platform.findings(check) == [("C081", POLARIS, f"{MAIN} requests 1001m of cpu, above its limit of 1")]


def test_an_invalid_quantity_is_left_to_another_rule() -> None:
    platform = sample()
    resources = platform.container("Deployment/polaris")["resources"]
    resources["requests"] = {"cpu": "much", "memory": "1Ti"}
    resources["limits"] = {"cpu": "1", "memory": "more"}
    assert platform.findings(check) == []


@pytest.mark.parametrize(("memory", "count"), [("3500m", 0), ("500", 0), ("1Mi", 1)])
def test_an_implausible_memory_limit_is_one_error(memory: str, count: int) -> None:
    platform = sample()
    platform.container("Deployment/polaris")["resources"]["limits"]["memory"] = memory
    assert len(platform.findings(check)) == count, "C172 reports the others"


def test_any_resource_is_compared() -> None:
    platform = sample()
    resources = platform.container("Deployment/polaris")["resources"]
    resources["requests"]["ephemeral-storage"] = "2Gi"
    resources["limits"]["ephemeral-storage"] = "1Gi"
    assert [code for code, _, _ in platform.findings(check)] == ["C081"]


def test_a_limit_range_that_refuses_the_container_is_reported() -> None:
    platform = sample()
    limits = {"type": "Container", "min": {"memory": "64Mi"}, "max": {"cpu": "1"}}
    platform.add(resource("v1", "LimitRange", "limits", spec={"limits": [limits]}))
    assert platform.findings(check) == []
    limits["min"] = {"memory": "65Mi"}
    limits["max"] = {"cpu": "500m"}
    messages = [message for _, subject, message in platform.findings(check) if subject == POLARIS]
    assert messages == [
        f"{MAIN} limits cpu to 1; the LimitRange allows at most 500m",
        f"{MAIN} requests 64Mi of memory; the LimitRange requires at least 65Mi",
    ]


def test_a_limit_range_of_another_namespace_does_not_count() -> None:
    platform = sample()
    limits = {"type": "Container", "max": {"cpu": "500m"}}
    platform.add(resource("v1", "LimitRange", "limits", "elsewhere", spec={"limits": [limits]}))
    assert platform.findings(check) == []


def test_a_limit_range_that_contradicts_itself_is_reported() -> None:
    platform = sample()
    limits = {"type": "Container", "defaultRequest": {"cpu": "2"}, "default": {"cpu": "1"}}
    platform.add(resource("v1", "LimitRange", "limits", spec={"limits": [limits]}))
    platform.add(resource("v1", "LimitRange", "equal", spec={"limits": [limits | {"default": {"cpu": "2"}}]}))
    message = "spec.limits[0]: defaultRequest.cpu 2 is above default.cpu 1"
    assert platform.findings(check) == [("C082", "LimitRange floe-platform/limits", message)]
