"""Health checks."""

from __future__ import annotations

from typing import Any

import pytest

from check.samples import DAGSTER, container, sample
from floe_compiler.check.pods.probes import check
from floe_compiler.model.rendered import SecurityException

NAME = "Deployment.apps floe-platform/dagster"
MAIN = "spec.template.spec.containers[dagster]"


@pytest.mark.parametrize("field", ["livenessProbe", "readinessProbe"])
def test_a_missing_probe_must_be_declared(field: str) -> None:
    platform = sample()
    del platform.container("Deployment/dagster")[field]
    assert platform.findings(check) == [("C100", NAME, f"{MAIN}.{field} is missing")]
    platform.facts["exceptions"] = frozenset({SecurityException(DAGSTER, field, "x")})
    assert platform.findings(check) == []


def test_an_unneeded_exception_is_reported() -> None:
    platform = sample()
    platform.facts["exceptions"] = frozenset({SecurityException(DAGSTER, "livenessProbe", "x")})
    assert [code for code, _, _ in platform.findings(check)] == ["C079"]


def test_tasks_and_init_containers_need_none() -> None:
    platform = sample()
    platform.pod("Deployment/dagster")["initContainers"] = [container("first")]
    assert platform.findings(check) == []


@pytest.mark.parametrize(
    ("field", "timing", "message"),
    [
        ("readinessProbe", {"timeoutSeconds": 11, "periodSeconds": 10}, "timeoutSeconds 11 is above periodSeconds 10"),
        ("readinessProbe", {"timeoutSeconds": 11}, "timeoutSeconds 11 is above periodSeconds 10"),
        ("livenessProbe", {"failureThreshold": 0}, "failureThreshold is 0"),
        ("livenessProbe", {"successThreshold": 2}, "successThreshold is 2"),
        ("startupProbe", {"successThreshold": 3}, "successThreshold is 3"),
    ],
)
def test_invalid_timings_are_reported(field: str, timing: dict[str, Any], message: str) -> None:
    platform = sample()
    platform.container("Deployment/dagster")[field] = {"tcpSocket": {"port": "main"}, **timing}
    assert platform.findings(check) == [("C101", NAME, f"{MAIN}.{field}: {message}")]


def test_valid_timings_are_accepted() -> None:
    platform = sample()
    probe = {"tcpSocket": {"port": "main"}, "timeoutSeconds": 10, "successThreshold": 2}
    platform.container("Deployment/dagster")["readinessProbe"] = probe
    assert platform.findings(check) == []
    platform.container("Deployment/dagster")["readinessProbe"] = {"tcpSocket": {"port": "main"}, "periodSeconds": 1}
    assert platform.findings(check) == []


@pytest.mark.parametrize(
    ("field", "timing", "budget"),
    [
        ("startupProbe", {"failureThreshold": 60, "periodSeconds": 10}, 0),
        ("startupProbe", {"failureThreshold": 61, "periodSeconds": 10}, 610),
        ("startupProbe", {"failureThreshold": 60, "periodSeconds": 10, "initialDelaySeconds": 1}, 601),
        ("livenessProbe", {"initialDelaySeconds": 571}, 601),
        ("livenessProbe", {"initialDelaySeconds": 570}, 0),
    ],
)
def test_a_start_takes_ten_minutes_at_most(field: str, timing: dict[str, int], budget: int) -> None:
    platform = sample()
    platform.container("Deployment/dagster")[field] = {"tcpSocket": {"port": "main"}, **timing}
    message = f"{MAIN}.{field} gives up after {budget} s; at most 600 s are allowed"
    assert platform.findings(check) == ([("C102", NAME, message)] if budget else [])
