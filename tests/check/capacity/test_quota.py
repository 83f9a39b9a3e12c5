"""Sums against quotas."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from check.samples import RUNS, container, resource, sample, selector, template
from floe_compiler.check.capacity.quota import check
from floe_compiler.model.rendered import LaunchedPods, PodGroup
from tables import table

# Two pods of polaris and of dagster, one of postgres, migrate and backup: 100m and 64Mi each. Two runs: 500m and 1Gi.
# One more of polaris or dagster during a rollout.
NEEDED = {
    "pods": "10",
    "requests.cpu": "1800m",
    "cpu": "1800m",
    "requests.memory": "2560Mi",
    "limits.cpu": "8",
    "limits.memory": "1Gi",
    "requests.storage": "10Gi",
    "persistentvolumeclaims": "1",
    "standard.storageclass.storage.k8s.io/requests.storage": "10Gi",
    "count/pods": "10",
}
LESS = {
    "pods": "9",
    "requests.cpu": "1799m",
    "cpu": "1799m",
    "requests.memory": "2559Mi",
    "limits.cpu": "7999m",
    "limits.memory": "1023Mi",
    "requests.storage": "9Gi",
    "persistentvolumeclaims": "0",
    "standard.storageclass.storage.k8s.io/requests.storage": "9Gi",
    "count/pods": "9",
}


@table("name", NEEDED)
def test_the_sum_fits_a_quota_of_exactly_that_size(name: str) -> None:
    platform = sample()
    platform.facts["production"] = False
    platform["ResourceQuota/quota"]["spec"]["hard"] = {name: NEEDED[name]}
    assert platform.findings(check) == []
    platform["ResourceQuota/quota"]["spec"]["hard"] = {name: LESS[name]}
    ((code, subject, message),) = platform.findings(check)
    assert (code, subject) == ("C083", "ResourceQuota floe-platform/quota")
    assert message == f"spec.hard.{name} is {LESS[name]}, but {NEEDED[name]} may be needed"


def test_the_hint_names_the_largest_requests() -> None:
    platform = sample()
    platform["ResourceQuota/quota"]["spec"]["hard"] = {"requests.cpu": "1"}
    platform.facts["production"] = False
    (hint,) = platform.hints(check)
    assert hint == (
        "largest requests: 1 by launched pods dagster-run, 200m by Deployment dagster, 200m by Deployment polaris; "
        "raise the quota (`quota`, and `domain_policy.quota` if that is the limit), choose smaller sizes (resources, "
        "replicas), or have fewer products or fewer runs at once"
    )


def test_a_rollout_needs_room_for_an_extra_pod_unless_one_may_be_missing() -> None:
    platform = sample()
    assert needed(platform) == "10", "of two Deployments: the second rollout goes on when the first has ended"
    for name in ("polaris", "dagster"):
        platform[f"Deployment/{name}"]["spec"]["strategy"] = {"rollingUpdate": {"maxUnavailable": "50%"}}
    assert needed(platform) == "9"
    platform["Deployment/polaris"]["spec"]["strategy"] = {"rollingUpdate": {"maxUnavailable": "49%"}}
    assert needed(platform) == "10"
    platform["Deployment/polaris"]["spec"]["strategy"] = {"type": "Recreate"}
    assert needed(platform) == "9"


def needed(platform: Any, name: str = "pods") -> str:
    """Return the amount that the finding of the quota names."""
    platform["ResourceQuota/quota"]["spec"]["hard"] = {name: "0"}
    platform.facts["production"] = False
    ((_, _, message),) = platform.findings(check)
    return str(message).split()[4]


def test_a_daemon_set_counts_for_each_node() -> None:
    platform = sample()
    spec = {"selector": {"matchLabels": selector("agent")}, "template": template("agent", container("agent", 4317))}
    platform.add(resource("apps/v1", "DaemonSet", "agent", spec=spec))
    assert needed(platform) == "13"
    platform.facts["nodes"] = 10
    assert needed(platform) == "20"


def test_an_autoscaler_counts_with_its_maximum() -> None:
    platform = sample()
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "dagster"}
    spec = {"scaleTargetRef": target, "minReplicas": 2, "maxReplicas": 5}
    platform.add(resource("autoscaling/v2", "HorizontalPodAutoscaler", "dagster", spec=spec))
    assert needed(platform) == "13"


def test_a_job_counts_with_its_parallel_pods() -> None:
    platform = sample()
    platform["Job/migrate-1a2b3c4d"]["spec"]["parallelism"] = 4
    assert needed(platform) == "13"
    platform["CronJob/backup"]["spec"]["jobTemplate"]["spec"]["parallelism"] = 2
    assert needed(platform) == "14"


def test_a_single_pod_counts() -> None:
    platform = sample()
    platform.add(resource("v1", "Pod", "shell", spec={"containers": [container("shell")]}))
    assert needed(platform) == "11"


def test_an_init_container_counts_where_it_needs_more_than_all_that_follows() -> None:
    platform = sample()
    wait = platform.pod("Job/migrate-1a2b3c4d")["initContainers"][0]
    assert needed(platform, "requests.cpu") == "1800m"
    wait["resources"]["requests"]["cpu"] = "300m"
    assert needed(platform, "requests.cpu") == "2"
    wait["restartPolicy"] = "Always"  # a sidecar runs beside the others
    assert needed(platform, "requests.cpu") == "2100m"


def test_an_init_container_runs_beside_the_sidecars_before_it() -> None:
    platform = sample()
    proxy = container("proxy", restartPolicy="Always")
    waits = platform.pod("Job/migrate-1a2b3c4d")["initContainers"]
    waits[0]["resources"]["requests"]["cpu"] = "300m"
    waits.append(proxy)
    assert needed(platform, "requests.cpu") == "2"
    waits.reverse()
    assert needed(platform, "requests.cpu") == "2100m"


def test_a_limit_without_a_request_counts_as_the_request() -> None:
    platform = sample()
    del platform.container("CronJob/backup")["resources"]["requests"]["cpu"]
    assert needed(platform, "requests.cpu") == "2700m"


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
    launched = LaunchedPods(RUNS, (), (("cpu", "2"),), (("cpu", "3"),), 10)
    platform.facts["launched"] = frozenset({launched})
    assert needed(platform) == "18"
    assert needed(platform, "requests.cpu") == "20800m"
    assert needed(platform, "limits.cpu") == "38"


def test_pods_of_a_queue_count_up_to_its_limit_with_the_largest_first() -> None:
    platform = sample()
    small = LaunchedPods(RUNS, (), (("cpu", "1"),), count=2, queue="runs", at_once=3)
    large = replace(small, group=PodGroup("floe-platform", "large"), requests=(("cpu", "4"),))
    platform.facts["launched"] = frozenset({small, large})
    assert needed(platform) == "11"
    assert needed(platform, "requests.cpu") == "9800m"
    platform.facts["launched"] = frozenset({small, replace(large, queue="other")})
    assert needed(platform) == "12"


def test_sequential_pods_count_as_the_largest_one() -> None:
    platform = sample()
    first = LaunchedPods(RUNS, (), (("cpu", "1"), ("memory", "8Gi")), count=1, queue="runs", instead="orders")
    second = replace(first, group=PodGroup("floe-platform", "second"), requests=(("cpu", "4"), ("memory", "1Gi")))
    other = replace(first, group=PodGroup("floe-platform", "other"), instead="customers")
    platform.facts["launched"] = frozenset({first})
    cpu, memory = needed(platform), needed(platform, "requests.memory")
    platform.facts["launched"] = frozenset({first, second})
    assert needed(platform) == cpu
    assert needed(platform, "requests.memory") == memory
    assert needed(platform, "requests.cpu") == "4800m", "the 800m of the servers, and the larger step"
    platform.facts["launched"] = frozenset({first, second, other})
    assert int(needed(platform)) == int(cpu) + 1


def test_pods_are_multiplied_not_listed() -> None:
    platform = sample()
    launched = LaunchedPods(RUNS, (), (("cpu", "1"),), count=10**12, queue="runs", at_once=10**11)
    platform.facts["launched"] = frozenset({launched})
    assert needed(platform) == "100000000008"


def test_a_scoped_quota_is_not_checked() -> None:
    platform = sample()
    platform.facts["production"] = False
    platform["ResourceQuota/quota"]["spec"] = {"hard": {"pods": "0"}, "scopes": ["BestEffort"]}
    assert platform.findings(check) == []
    scope = {"matchExpressions": [{"scopeName": "PriorityClass", "operator": "Exists"}]}
    platform["ResourceQuota/quota"]["spec"] = {"hard": {"pods": "0"}, "scopeSelector": scope}
    assert platform.findings(check) == []


def test_an_invalid_quantity_is_left_to_another_rule() -> None:
    platform = sample()
    platform.facts["launched"] = frozenset({LaunchedPods(RUNS, (), (("cpu", "two"),), count=10)})
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
