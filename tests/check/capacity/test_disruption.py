"""Disruption budgets."""

from __future__ import annotations

from typing import Any

import pytest

from check.samples import DAGSTER, Platform, resource, sample, selector
from floe_compiler.check.capacity.disruption import check
from floe_compiler.model.rendered import SecurityException

BUDGET = "PodDisruptionBudget.policy floe-platform/polaris"


def platform_with(budget: dict[str, Any], replicas: int = 2) -> Platform:
    platform = sample()
    platform["Deployment/polaris"]["spec"]["replicas"] = replicas
    chosen = {"selector": {"matchLabels": selector("polaris")}}
    platform["PodDisruptionBudget/polaris"]["spec"] = chosen | budget
    return platform


@pytest.mark.parametrize(
    ("budget", "replicas"),
    [
        ({"minAvailable": 1}, 2),
        ({"minAvailable": 2}, 3),
        ({"minAvailable": "50%"}, 2),
        ({"maxUnavailable": 1}, 2),
        ({"maxUnavailable": "1%"}, 2),
        ({"minAvailable": 1}, 0),
    ],
)
def test_budgets_that_allow_one_disruption(budget: dict[str, Any], replicas: int) -> None:
    assert platform_with(budget, replicas).findings(check) == []


@pytest.mark.parametrize(
    ("budget", "replicas", "message"),
    [
        ({"minAvailable": 2}, 2, "spec.minAvailable is 2, and Deployment polaris runs 2 pods at least"),
        ({"minAvailable": "51%"}, 2, "spec.minAvailable is 51%, and Deployment polaris runs 2 pods at least"),
        ({"minAvailable": "67%"}, 3, "spec.minAvailable is 67%, and Deployment polaris runs 3 pods at least"),
        ({"maxUnavailable": 0}, 2, "spec.maxUnavailable is 0"),
        ({"maxUnavailable": "0%"}, 2, "spec.maxUnavailable is 0%"),
        ({"minAvailable": 1}, 1, "Deployment polaris runs a single pod, so the budget blocks every drain"),
        ({"maxUnavailable": 1}, 1, "Deployment polaris runs a single pod, so the budget blocks every drain"),
    ],
)
def test_budgets_that_allow_no_disruption(budget: dict[str, Any], replicas: int, message: str) -> None:
    assert platform_with(budget, replicas).findings(check) == [("C090", BUDGET, message)]


def test_the_minimum_of_an_autoscaler_counts() -> None:
    platform = platform_with({"minAvailable": 2}, 5)
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "polaris"}
    spec = {"scaleTargetRef": target, "minReplicas": 2, "maxReplicas": 5}
    platform.add(resource("autoscaling/v2", "HorizontalPodAutoscaler", "polaris", spec=spec))
    assert [code for code, _, _ in platform.findings(check)] == ["C090"]
    spec["minReplicas"] = 3
    assert platform.findings(check) == []


def test_two_budgets_for_the_same_pods() -> None:
    platform = sample()
    platform.copy_of("PodDisruptionBudget/polaris", "second")
    message = "its pods are selected by the budgets polaris, second"
    assert platform.findings(check) == [("C091", "Deployment.apps floe-platform/polaris", message)]


def test_in_production_several_replicas_have_a_budget() -> None:
    platform = sample()
    del platform.objects["PodDisruptionBudget/polaris"]
    message = "spec.replicas asks for 2 replicas, and there is no PodDisruptionBudget"
    assert platform.findings(check) == [("C092", "Deployment.apps floe-platform/polaris", message)]
    platform.facts["production"] = False
    assert platform.findings(check) == []


def test_stateful_sets_have_one_too_but_not_a_single_pod() -> None:
    platform = sample()
    assert platform.findings(check) == []
    platform["StatefulSet/postgres"]["spec"]["replicas"] = 3
    assert [subject for _, subject, _ in platform.findings(check)] == ["StatefulSet.apps floe-platform/postgres"]


def test_workloads_that_must_run_alone_are_left_to_another_rule() -> None:
    platform = sample()
    del platform.objects["PodDisruptionBudget/dagster"]
    assert [code for code, _, _ in platform.findings(check)] == ["C092"]
    platform.facts["exceptions"] = frozenset({SecurityException(DAGSTER, "singleReplica", "x")})
    assert platform.findings(check) == []
