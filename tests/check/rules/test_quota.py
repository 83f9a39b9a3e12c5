"""Sums against quotas."""

from __future__ import annotations

from typing import Any

import pytest

from check.samples import RUNS, container, resource, sample, selector, template
from floe_compiler.check.rules.quota import check
from floe_compiler.model.rendered import LaunchedPods

# Two pods of polaris and of dagster, one of postgres, migrate and backup: 100m and 64Mi each. Two runs: 500m and 1Gi.
NEEDED = {
    "pods": "9",
    "requests.cpu": "1700m",
    "cpu": "1700m",
    "requests.memory": "2496Mi",
    "limits.cpu": "7",
    "limits.memory": "896Mi",
    "requests.storage": "10Gi",
    "persistentvolumeclaims": "1",
    "standard.storageclass.storage.k8s.io/requests.storage": "10Gi",
    "count/pods": "9",
}
LESS = {
    "pods": "8",
    "requests.cpu": "1699m",
    "cpu": "1699m",
    "requests.memory": "2495Mi",
    "limits.cpu": "6999m",
    "limits.memory": "895Mi",
    "requests.storage": "9Gi",
    "persistentvolumeclaims": "0",
    "standard.storageclass.storage.k8s.io/requests.storage": "9Gi",
    "count/pods": "8",
}


@pytest.mark.parametrize("name", NEEDED)
def test_the_sum_fits_exactly_and_not_with_less(name: str) -> None:
    platform = sample()
    platform.facts["production"] = False
    platform["ResourceQuota/quota"]["spec"]["hard"] = {name: NEEDED[name]}
    assert platform.findings(check) == []
    platform["ResourceQuota/quota"]["spec"]["hard"] = {name: LESS[name]}
    ((code, subject, message),) = platform.findings(check)
    assert (code, subject) == ("C083", "ResourceQuota floe-platform/quota")
    assert message == f"spec.hard.{name} is {LESS[name]}, but {NEEDED[name]} may be needed"


def needed(platform: Any, name: str = "pods") -> str:
    """Return what the quota says may be needed."""
    platform["ResourceQuota/quota"]["spec"]["hard"] = {name: "0"}
    platform.facts["production"] = False
    ((_, _, message),) = platform.findings(check)
    return str(message).split()[4]


def test_a_daemon_set_counts_for_each_node() -> None:
    platform = sample()
    spec = {"selector": {"matchLabels": selector("agent")}, "template": template("agent", container("agent", 4317))}
    platform.add(resource("apps/v1", "DaemonSet", "agent", spec=spec))
    assert needed(platform) == "12"
    platform.facts["nodes"] = 10
    assert needed(platform) == "19"


def test_an_autoscaler_counts_with_its_most() -> None:
    platform = sample()
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "dagster"}
    spec = {"scaleTargetRef": target, "minReplicas": 2, "maxReplicas": 5}
    platform.add(resource("autoscaling/v2", "HorizontalPodAutoscaler", "dagster", spec=spec))
    assert needed(platform) == "12"


def test_a_job_counts_with_its_parallel_pods() -> None:
    platform = sample()
    platform["Job/migrate-1a2b3c4d"]["spec"]["parallelism"] = 4
    assert needed(platform) == "12"
    platform["CronJob/backup"]["spec"]["jobTemplate"]["spec"]["parallelism"] = 2
    assert needed(platform) == "13"


def test_a_single_pod_counts() -> None:
    platform = sample()
    platform.add(resource("v1", "Pod", "shell", spec={"containers": [container("shell")]}))
    assert needed(platform) == "10"


def test_an_init_container_counts_where_it_needs_more_than_all_that_follows() -> None:
    platform = sample()
    wait = platform.pod("Job/migrate-1a2b3c4d")["initContainers"][0]
    assert needed(platform, "requests.cpu") == "1700m"
    wait["resources"]["requests"]["cpu"] = "300m"
    assert needed(platform, "requests.cpu") == "1900m"
    wait["restartPolicy"] = "Always"  # a sidecar runs beside the others
    assert needed(platform, "requests.cpu") == "2"


def test_an_init_container_runs_beside_the_sidecars_before_it() -> None:
    platform = sample()
    proxy = container("proxy", restartPolicy="Always")
    waits = platform.pod("Job/migrate-1a2b3c4d")["initContainers"]
    waits[0]["resources"]["requests"]["cpu"] = "300m"
    waits.append(proxy)
    assert needed(platform, "requests.cpu") == "1900m"
    waits.reverse()
    assert needed(platform, "requests.cpu") == "2"


def test_a_limit_alone_is_the_request_too() -> None:
    platform = sample()
    del platform.container("CronJob/backup")["resources"]["requests"]["cpu"]
    assert needed(platform, "requests.cpu") == "2600m"


def test_claims_count_once_for_each_replica() -> None:
    platform = sample()
    platform["StatefulSet/postgres"]["spec"]["replicas"] = 3
    claim = {"storageClassName": "fast", "resources": {"requests": {"storage": "5Gi"}}}
    platform.add(resource("v1", "PersistentVolumeClaim", "more", spec=claim))
    assert needed(platform, "requests.storage") == "35Gi"
    assert needed(platform, "persistentvolumeclaims") == "4"
    assert needed(platform, "fast.storageclass.storage.k8s.io/requests.storage") == "5Gi"


def test_launched_pods_count() -> None:
    platform = sample()
    launched = LaunchedPods(RUNS, (), (("cpu", "2"),), 10)
    platform.facts["launched"] = frozenset({launched})
    assert needed(platform) == "17"
    assert needed(platform, "requests.cpu") == "20700m"


def test_a_quota_for_some_pods_only_is_not_judged() -> None:
    platform = sample()
    platform.facts["production"] = False
    platform["ResourceQuota/quota"]["spec"] = {"hard": {"pods": "0"}, "scopes": ["BestEffort"]}
    assert platform.findings(check) == []
    scope = {"matchExpressions": [{"scopeName": "PriorityClass", "operator": "Exists"}]}
    platform["ResourceQuota/quota"]["spec"] = {"hard": {"pods": "0"}, "scopeSelector": scope}
    assert platform.findings(check) == []


def test_what_is_no_quantity_is_another_rules_business() -> None:
    platform = sample()
    platform.facts["launched"] = frozenset({LaunchedPods(RUNS, (), (("cpu", "two"),), 10)})
    del platform["StatefulSet/postgres"]["spec"]["volumeClaimTemplates"][0]["spec"]["resources"]
    platform["ResourceQuota/quota"]["spec"]["hard"] = {"requests.cpu": "four", "pods": "99"}
    assert platform.findings(check) == []


def test_in_production_there_is_a_quota_that_limits_pods() -> None:
    platform = sample()
    del platform["ResourceQuota/quota"]["spec"]["hard"]["pods"]
    assert platform.findings(check) == [("C084", "Namespace floe-platform", "its quota does not limit pods")]
    del platform.objects["ResourceQuota/quota"]
    assert platform.findings(check) == [("C084", "Namespace floe-platform", "it has no ResourceQuota")]
    platform.facts["production"] = False
    assert platform.findings(check) == []
