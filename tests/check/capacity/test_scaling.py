"""How many pods a workload runs."""

from __future__ import annotations

from typing import Any

import pytest

from check.samples import sample
from floe_compiler.check.capacity.scalers import scalers_of
from floe_compiler.check.index import build_index
from floe_compiler.model.scaling import least_replicas, most_pods


def pods_of(key: str, spec: dict[str, Any], scaler: dict[str, Any] | None = None) -> tuple[int, int]:
    """Return the least and the most pods of a workload of the sample with another specification."""
    platform = sample()
    del platform["Deployment/dagster"]["spec"]["replicas"]
    platform[key]["spec"] |= spec
    if scaler is not None:
        target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "dagster"}
        manifest = {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler"}
        metadata = {"namespace": "floe-platform", "name": "dagster"}
        platform.add({**manifest, "metadata": metadata, "spec": {"scaleTargetRef": target, **scaler}})
    index = build_index(platform.rendered())
    scalers = scalers_of(index)
    kind, _, name = key.partition("/")
    workload = next(
        workload for workload in index.workloads.values() if (workload.kind, workload.id.name) == (kind, name)
    )
    return least_replicas(workload, scalers), most_pods(workload, scalers, 3)


@pytest.mark.parametrize(
    ("spec", "scaler", "least", "most"),
    [
        ({}, None, 1, 1),
        ({"replicas": 4}, None, 4, 4),
        ({"replicas": 0}, None, 0, 0),
        ({}, {"minReplicas": 2, "maxReplicas": 5}, 2, 5),
        ({}, {"maxReplicas": 5}, 1, 5),
        ({}, {}, 1, 1),
    ],
)
def test_pods_of_a_deployment(spec: dict[str, Any], scaler: dict[str, Any] | None, least: int, most: int) -> None:
    assert pods_of("Deployment/dagster", spec, scaler) == (least, most)


def test_negative_replicas_count_as_zero() -> None:
    assert pods_of("Deployment/dagster", {"replicas": -1})[1] == 0


@pytest.mark.parametrize(("spec", "most"), [({}, 1), ({"parallelism": 3}, 3)])
def test_pods_of_a_job(spec: dict[str, Any], most: int) -> None:
    assert pods_of("Job/migrate-1a2b3c4d", spec)[1] == most


@pytest.mark.parametrize(
    ("bounds", "least", "most"),
    [({"minReplicaCount": 1, "maxReplicaCount": 7}, 1, 7), ({"minReplicaCount": 0}, 0, 100), ({}, 0, 100)],
)
@pytest.mark.parametrize(
    "target", [{"name": "dagster"}, {"apiVersion": "apps/v1", "kind": "Deployment", "name": "dagster"}]
)
def test_keda_scales_between_zero_and_a_hundred_by_default(
    target: dict[str, Any], bounds: dict[str, Any], least: int, most: int
) -> None:
    platform = sample()
    del platform["Deployment/dagster"]["spec"]["replicas"]
    platform.add(
        {
            "apiVersion": "keda.sh/v1alpha1",
            "kind": "ScaledObject",
            "metadata": {"namespace": "floe-platform", "name": "dagster"},
            "spec": {"scaleTargetRef": target, **bounds},
        }
    )
    index = build_index(platform.rendered())
    workload = next(
        workload
        for workload in index.workloads.values()
        if (workload.kind, workload.id.name) == ("Deployment", "dagster")
    )
    assert (least_replicas(workload, scalers_of(index)), most_pods(workload, scalers_of(index), 3)) == (least, most)
