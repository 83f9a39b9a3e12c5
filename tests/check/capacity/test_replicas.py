"""How many replicas there are."""

from __future__ import annotations

from typing import Any

import pytest

from check.samples import DAGSTER, Platform, resource, sample
from floe_compiler.check.capacity.replicas import check
from floe_compiler.model.rendered import SecurityException

NAME = "Deployment.apps floe-platform/dagster"


def scaled(least: int, most: int) -> Platform:
    platform = sample()
    del platform["Deployment/dagster"]["spec"]["replicas"]
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "dagster"}
    spec = {"scaleTargetRef": target, "minReplicas": least, "maxReplicas": most}
    platform.add(resource("autoscaling/v2", "HorizontalPodAutoscaler", "dagster", spec=spec))
    return platform


def test_a_single_replica_in_production_must_be_declared() -> None:
    platform = sample()
    platform["Deployment/dagster"]["spec"]["replicas"] = 1
    assert platform.findings(check) == [("C093", NAME, "spec.replicas asks for a single replica")]
    platform.facts["exceptions"] = frozenset({SecurityException(DAGSTER, "singleReplica", "two would start all twice")})
    assert platform.findings(check) == []


def test_outside_production_a_single_replica_is_enough() -> None:
    platform = sample()
    platform["Deployment/dagster"]["spec"]["replicas"] = 1
    platform.facts["production"] = False
    assert platform.findings(check) == []


def alone(platform: Platform) -> Platform:
    platform.facts["exceptions"] = frozenset({SecurityException(DAGSTER, "singleReplica", "two would start all twice")})
    return platform


@pytest.mark.parametrize("production", [True, False])
def test_a_workload_that_must_run_alone_has_no_second_replica(production: bool) -> None:
    platform = alone(sample())
    platform.facts["production"] = production
    platform["Deployment/dagster"]["spec"] |= {"replicas": 2, "strategy": {}}
    message = "spec.replicas asks for 2 replicas, but it must run alone: two would start all twice"
    assert platform.findings(check) == [("C098", NAME, message)]
    for fine in (1, 0):
        platform["Deployment/dagster"]["spec"]["replicas"] = fine
        assert platform.findings(check) == []


def test_a_workload_that_must_run_alone_is_not_autoscaled() -> None:
    platform = alone(scaled(1, 3))
    scaler = "HorizontalPodAutoscaler.autoscaling floe-platform/dagster"
    message = f"{scaler} scales it to 3 replicas, but it must run alone: two would start all twice"
    platform["Deployment/dagster"]["spec"]["replicas"] = 1
    assert platform.findings(check) == [("C098", NAME, message)]


def test_a_stateful_set_that_must_run_alone_has_no_second_replica() -> None:
    platform = sample()
    platform["Deployment/dagster"]["spec"] |= {"replicas": 2, "serviceName": "dagster"}
    platform["Deployment/dagster"]["kind"] = "StatefulSet"
    assert platform.findings(check) == []
    assert [code for code, _, _ in alone(platform).findings(check)] == ["C098"]
    platform["Deployment/dagster"]["spec"]["replicas"] = 1
    assert platform.findings(check) == []


def test_replicas_beside_an_autoscaler() -> None:
    platform = scaled(2, 5)
    assert platform.findings(check) == []
    platform["Deployment/dagster"]["spec"]["replicas"] = 2
    message = "spec.replicas is set, but HorizontalPodAutoscaler.autoscaling floe-platform/dagster scales it"
    assert platform.findings(check) == [("C094", NAME, message)]


def test_an_autoscaler_may_not_go_down_to_one() -> None:
    assert scaled(1, 5).findings(check) == [("C093", NAME, "it runs a single replica")]


def test_the_bounds_of_an_autoscaler() -> None:
    assert [code for code, _, _ in scaled(3, 2).findings(check)] == ["C095"]
    assert scaled(2, 2).findings(check) == []
    platform = scaled(1, 1)
    platform.facts["production"] = False
    del platform["HorizontalPodAutoscaler/dagster"]["spec"]["minReplicas"]  # which is 1 then
    assert platform.findings(check) == []


def test_an_autoscaler_of_something_else() -> None:
    platform = scaled(2, 5)
    platform["Deployment/dagster"]["spec"]["replicas"] = 2
    platform["HorizontalPodAutoscaler/dagster"]["spec"]["scaleTargetRef"] |= {
        "apiVersion": "example.com/v1",
        "kind": "Toy",
    }
    assert platform.findings(check) == []


@pytest.mark.parametrize(
    "strategy",
    [
        {},
        {"type": "RollingUpdate"},
        {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 1}},
        {"rollingUpdate": {"maxSurge": "25%", "maxUnavailable": 0}},
    ],
)
def test_a_rollout_may_not_take_replicas_away(strategy: dict[str, Any]) -> None:
    platform = sample()
    platform["Deployment/dagster"]["spec"]["strategy"] = strategy
    assert [code for code, _, _ in platform.findings(check)] == ["C096"]


def test_the_rollout_of_single_and_recreated_replicas_is_not_checked() -> None:
    platform = sample()
    platform["Deployment/dagster"]["spec"]["strategy"] = {"type": "Recreate"}
    assert platform.findings(check) == []
    platform["Deployment/dagster"]["spec"] |= {"strategy": {}, "replicas": 1}
    platform.facts["production"] = False
    assert platform.findings(check) == []


def object_of_keda(**spec: Any) -> Platform:
    platform = sample()
    del platform["Deployment/dagster"]["spec"]["replicas"]
    platform.add(
        resource("keda.sh/v1alpha1", "ScaledObject", "dagster", spec={"scaleTargetRef": {"name": "dagster"}, **spec})
    )
    return platform


def test_keda_scales_to_zero_only_if_that_is_declared() -> None:
    name = "ScaledObject.keda.sh floe-platform/dagster"
    assert object_of_keda(minReplicaCount=2, maxReplicaCount=4).findings(check) == []
    assert object_of_keda(minReplicaCount=0).findings(check) == []
    assert object_of_keda(maxReplicaCount=4).findings(check) == [("C202", name, "spec.minReplicaCount is missing")]
    message = "spec.minReplicaCount is 3, spec.maxReplicaCount 2"
    assert object_of_keda(minReplicaCount=3, maxReplicaCount=2).findings(check) == [("C095", name, message)]


def test_two_autoscalers_of_one_workload_are_refused() -> None:
    platform = object_of_keda(minReplicaCount=2, maxReplicaCount=4)
    second_autoscaler = scaled(2, 5)["HorizontalPodAutoscaler/dagster"]
    platform.add(second_autoscaler)
    scaler = "HorizontalPodAutoscaler.autoscaling floe-platform/dagster"
    message = f"it scales the same workload as {scaler}"
    assert platform.findings(check) == [("C201", "ScaledObject.keda.sh floe-platform/dagster", message)]
    second_autoscaler["spec"]["scaleTargetRef"]["name"] = "polaris"
    assert [code for code, _, _ in platform.findings(check)] == ["C094"], "polaris has a number of replicas"
