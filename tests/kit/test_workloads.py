"""Controllers: rollouts without downtime, spread replicas, storage that outlives its pods, Jobs that can change."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from floe_compiler.kit.workloads import claims_of, task, workload
from floe_compiler.model.facts import Claim, Probe, Task
from floe_compiler.model.inputs import Placement
from floe_compiler.model.operations import Scaling
from kit.samples import DATABASE, HTTP, container, instance, pod
from kit.samples import workload as declared
from support import DEVELOPMENT, PRODUCTION, changed

ANYWHERE = Placement()
DATA = Claim("data", "/data", "10Gi")


def controller(settings: Any = DEVELOPMENT, **facts: Any) -> dict[str, Any]:
    return workload(instance(settings), declared(**facts), ANYWHERE)


def job(**changes: Any) -> dict[str, Any]:
    return task(instance(), Task(**{"name": "load", "pod": pod(), "deadline": 600, **changes}), ANYWHERE)


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "DaemonSet"])
def test_a_controller_has_its_own_name(kind: str) -> None:
    manifest = controller(kind=kind)
    assert (manifest["apiVersion"], manifest["kind"]) == ("apps/v1", kind)
    assert manifest["metadata"]["name"] == "web"


def test_a_new_pod_is_ready_before_an_old_one_is_removed() -> None:
    spec = controller(replicas=2)["spec"]
    assert spec["strategy"] == {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
    assert spec["progressDeadlineSeconds"] == 600
    assert spec["revisionHistoryLimit"] == 3
    assert spec["replicas"] == 2


def test_a_rollout_fails_after_the_time_to_start() -> None:
    startup = Probe("http", "/up", failures=60)
    slow = pod(container(ports=(HTTP,), startup=startup), waits_for=(DATABASE,))
    assert controller(pod_=slow)["spec"]["progressDeadlineSeconds"] == 240 + 600
    quick = pod(container(ports=(HTTP,), startup=replace(startup, failures=3)), waits_for=(DATABASE,))
    assert controller(pod_=quick)["spec"]["progressDeadlineSeconds"] == 600


def test_a_single_workload_stops_before_it_starts_again() -> None:
    assert controller(recreate=True)["spec"]["strategy"] == {"type": "Recreate"}


def test_a_daemon_set_has_no_number_of_replicas() -> None:
    spec = controller(kind="DaemonSet")["spec"]
    assert "replicas" not in spec
    assert spec["updateStrategy"] == {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1}}


def test_a_stateful_set_has_its_headless_service_and_its_storage() -> None:
    settings = changed(DEVELOPMENT, cluster={"storage_class": "gp3"})
    spec = controller(settings, kind="StatefulSet", pod_=pod(container(claims=(DATA,))))["spec"]
    assert spec["serviceName"] == "web-headless"
    assert spec["updateStrategy"] == {"type": "RollingUpdate"}
    assert spec["persistentVolumeClaimRetentionPolicy"] == {"whenDeleted": "Retain", "whenScaled": "Retain"}
    (template,) = spec["volumeClaimTemplates"]
    assert template["metadata"] == {"name": "data", "labels": spec["selector"]["matchLabels"]}
    assert template["spec"] == {
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": "gp3",
        "resources": {"requests": {"storage": "10Gi"}},
    }


def test_claims_of_several_containers_are_rendered_once() -> None:
    two = pod(container("a", claims=(DATA,)), setup=(container("b", claims=(DATA, Claim("log", "/log", "1Gi"))),))
    assert [claim.name for claim in claims_of(declared(two))] == ["data", "log"]
    assert "volumeClaimTemplates" not in controller()["spec"]


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "DaemonSet"])
def test_the_selector_finds_the_pods_and_never_changes_with_the_image(kind: str) -> None:
    old, new = (
        controller(kind=kind, pod_=pod(container(image=f"docker.io/acme/server:{tag}"))) for tag in ("1.0", "2.0")
    )
    selector = old["spec"]["selector"]
    assert selector == new["spec"]["selector"]
    assert selector["matchLabels"].items() <= old["spec"]["template"]["metadata"]["labels"].items()
    assert old["metadata"]["labels"]["app.kubernetes.io/version"] == "1.0"
    assert "app.kubernetes.io/version" not in selector["matchLabels"]


def test_a_replaced_job_does_not_make_the_application_out_of_sync() -> None:
    ignored = {"argocd.argoproj.io/compare-options": "IgnoreExtraneous"}
    assert ignored.items() <= job()["metadata"]["annotations"].items()
    assert "compare-options" not in str(job(schedule="0 6 * * *")), "a CronJob goes with its product"


def constraints(settings: Any, **facts: Any) -> list[dict[str, Any]]:
    spec = controller(settings, **facts)["spec"]["template"]["spec"]
    return list(spec.get("topologySpreadConstraints", []))


def test_replicas_are_on_different_nodes_in_production_and_zones_where_there_are_any() -> None:
    hosts, zones = constraints(PRODUCTION, replicas=3)
    assert (hosts["topologyKey"], hosts["whenUnsatisfiable"]) == ("kubernetes.io/hostname", "DoNotSchedule")
    assert (zones["topologyKey"], zones["whenUnsatisfiable"]) == ("topology.kubernetes.io/zone", "ScheduleAnyway")
    assert hosts["maxSkew"] == zones["maxSkew"] == 1
    assert [constraint["whenUnsatisfiable"] for constraint in constraints(DEVELOPMENT, replicas=3)] == [
        "ScheduleAnyway"
    ] * 2


def test_the_spread_counts_the_workloads_own_pods_on_nodes_that_they_may_run_on() -> None:
    for constraint in constraints(PRODUCTION, replicas=2):
        assert constraint["labelSelector"] == controller(replicas=2)["spec"]["selector"]
        assert constraint["nodeTaintsPolicy"] == "Honor"


def test_only_the_spread_of_deployments_uses_the_hash_of_the_revision() -> None:
    assert [constraint.get("matchLabelKeys") for constraint in constraints(PRODUCTION, replicas=2)] == [
        ["pod-template-hash"]
    ] * 2
    stateful = constraints(PRODUCTION, replicas=2, kind="StatefulSet")
    assert [constraint.get("matchLabelKeys") for constraint in stateful] == [None, None]


def test_one_replica_has_nothing_to_spread() -> None:
    assert constraints(PRODUCTION, replicas=1) == []


def test_a_job_has_a_deadline() -> None:
    manifest = job(deadline=900, retries=2)
    assert (manifest["apiVersion"], manifest["kind"]) == ("batch/v1", "Job")
    assert manifest["metadata"]["name"].startswith("load-")
    assert (manifest["spec"]["activeDeadlineSeconds"], manifest["spec"]["backoffLimit"]) == (900, 2)
    assert manifest["spec"]["template"]["spec"]["restartPolicy"] == "Never"
    # It would come back under GitOps each time it had expired.
    assert "ttlSecondsAfterFinished" not in manifest["spec"]


def test_a_scheduled_task_is_a_cron_job_under_its_own_name() -> None:
    manifest = job(schedule="0 5 * * *", time_zone="Europe/Berlin", suspended=True, concurrency="Replace", retries=1)
    spec = manifest["spec"]
    assert (manifest["apiVersion"], manifest["kind"], manifest["metadata"]["name"]) == ("batch/v1", "CronJob", "load")
    assert (spec["schedule"], spec["timeZone"], spec["suspend"]) == ("0 5 * * *", "Europe/Berlin", True)
    assert spec["concurrencyPolicy"] == "Replace"
    assert spec["startingDeadlineSeconds"] == 3600
    assert (spec["successfulJobsHistoryLimit"], spec["failedJobsHistoryLimit"]) == (3, 10)
    assert spec["jobTemplate"]["spec"]["ttlSecondsAfterFinished"] == 604800
    assert spec["jobTemplate"]["spec"]["backoffLimit"] == 1
    assert spec["jobTemplate"]["metadata"]["labels"]["app.kubernetes.io/component"] == "load"


def test_suspend_is_always_explicit() -> None:
    assert job(schedule="0 5 * * *")["spec"]["suspend"] is False


@pytest.mark.parametrize(
    "change",
    [
        {"deadline": 601},
        {"retries": 1},
        {"pod": pod(container(image="docker.io/acme/server:1.2.4"))},
        {"pod": pod(grace=31)},
    ],
)
def test_a_changed_job_is_another_job(change: dict[str, Any]) -> None:
    assert job(**change)["metadata"]["name"] != job()["metadata"]["name"]
    assert job()["metadata"]["name"] == job()["metadata"]["name"]


def test_placement_reaches_the_pods() -> None:
    placement = Placement(node_selector={"pool": "data"})
    assert workload(instance(), declared(), placement)["spec"]["template"]["spec"]["nodeSelector"] == {"pool": "data"}
    manifest = task(instance(), Task("load", pod(), 600), placement)
    assert manifest["spec"]["template"]["spec"]["nodeSelector"] == {"pool": "data"}


def test_an_autoscaled_workload_has_no_replicas_and_is_spread() -> None:
    scaled = controller(replicas=Scaling(1, 3))
    assert "replicas" not in scaled["spec"]
    assert scaled["spec"]["template"]["spec"]["topologySpreadConstraints"]
    assert constraints(DEVELOPMENT, replicas=Scaling(1, 3)) == constraints(DEVELOPMENT, replicas=3)
