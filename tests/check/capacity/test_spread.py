"""Replicas on different nodes."""

from __future__ import annotations

from typing import Any

import pytest

from check.samples import DAGSTER, sample, selector
from floe_compiler.check.capacity.spread import check
from floe_compiler.model.rendered import SecurityException

OWN = {"matchLabels": selector("dagster")}
OTHER = {"matchLabels": selector("polaris")}


def anti_affinity(kind: str, key: str, labels: Any) -> dict[str, Any]:
    term = {"topologyKey": key, "labelSelector": labels}
    terms = [{"weight": 1, "podAffinityTerm": term}] if kind.startswith("preferred") else [term]
    return {"affinity": {"podAntiAffinity": {f"{kind}DuringSchedulingIgnoredDuringExecution": terms}}}


def spread(action: str, labels: Any) -> dict[str, Any]:
    constraint = {"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": action, "labelSelector": labels}
    return {"topologySpreadConstraints": [constraint]}


@pytest.mark.parametrize(
    ("rules", "fine"),
    [
        ({}, False),
        (anti_affinity("required", "kubernetes.io/hostname", OWN), True),
        (anti_affinity("required", "kubernetes.io/hostname", OTHER), False),
        (anti_affinity("required", "topology.kubernetes.io/region", OWN), False),
        (anti_affinity("preferred", "kubernetes.io/hostname", OWN), False),
        (spread("DoNotSchedule", OWN), True),
        (spread("DoNotSchedule", OTHER), False),
        (spread("ScheduleAnyway", OWN), False),
    ],
)
def test_replicas_in_production_run_on_different_nodes(rules: dict[str, Any], fine: bool) -> None:
    platform = sample()
    pod = platform.pod("Deployment/dagster")
    del pod["affinity"]
    pod |= rules
    assert [code for code, _, _ in platform.findings(check)] == ([] if fine else ["C097"])


def test_outside_production_and_with_one_replica_no_spread_is_needed() -> None:
    platform = sample()
    del platform.pod("Deployment/dagster")["affinity"]
    platform["Deployment/dagster"]["spec"]["replicas"] = 1
    assert platform.findings(check) == []
    platform["Deployment/dagster"]["spec"]["replicas"] = 2
    platform.facts["production"] = False
    assert platform.findings(check) == []


def test_replicas_of_a_stateful_set_run_on_different_nodes() -> None:
    platform = sample()
    platform["StatefulSet/postgres"]["spec"]["replicas"] = 2
    assert [subject for _, subject, _ in platform.findings(check)] == ["StatefulSet.apps floe-platform/postgres"]


def test_workloads_that_must_run_alone_are_left_to_another_rule() -> None:
    platform = sample()
    platform.pod("Deployment/dagster").pop("topologySpreadConstraints", None)
    platform.pod("Deployment/dagster").pop("affinity", None)
    assert [code for code, _, _ in platform.findings(check)] == ["C097"]
    platform.facts["exceptions"] = frozenset({SecurityException(DAGSTER, "singleReplica", "x")})
    assert platform.findings(check) == []
