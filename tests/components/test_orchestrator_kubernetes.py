"""Data products as CronJobs."""

from __future__ import annotations

from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from floe_compiler.components.orchestrator_kubernetes import COMPONENT, build
from floe_compiler.model.facts import Task
from products import EVERYTHING, product
from support import DEVELOPMENT, PRODUCTION, as_text, changed, context_of, unit_of


def task(**changes: Any) -> Task:
    context = context_of(COMPONENT, capabilities=EVERYTHING, scope="sales", products=[product(**changes)])
    return build(context).tasks[0]


def test_each_product_is_a_cron_job() -> None:
    products = [product(), product("order-analytics")]
    context = context_of(COMPONENT, capabilities=EVERYTHING, scope="sales", products=products)
    assert [job.name for job in build(context).tasks] == ["customer-360", "order-analytics"]


def test_it_has_the_schedule_and_the_time_zone_of_the_product() -> None:
    job = task()
    assert (job.schedule, job.time_zone, job.suspended) == ("0 5 * * *", "Europe/Berlin", False)


def test_a_schedule_that_is_not_enabled_is_suspended() -> None:
    job = task(schedule={"cron": "0 5 * * *", "enabled": False})
    assert (job.schedule, job.suspended) == ("0 5 * * *", True)


def test_a_product_without_a_schedule_can_be_started_by_hand_only() -> None:
    job = task(schedule=None)
    assert job.suspended
    assert job.schedule


def test_two_runs_of_a_pipeline_do_not_overlap_by_default() -> None:
    assert task().concurrency == "Forbid"
    context = context_of(
        COMPONENT, {"concurrency": "Allow"}, capabilities=EVERYTHING, scope="sales", products=[product()]
    )
    assert build(context).tasks[0].concurrency == "Allow"


def test_the_deadline_covers_all_retries() -> None:
    assert task(timeout="30m").deadline == 1800
    assert (task(timeout="30m", retries=2).deadline, task(retries=2).retries) == (5400, 2)


@pytest.mark.parametrize(("settings", "memory"), [(DEVELOPMENT, "512Mi"), (PRODUCTION, "2Gi")], ids=["light", "heavy"])
def test_steps_are_small_in_a_small_environment(settings: Any, memory: str) -> None:
    context = context_of(COMPONENT, settings=settings, capabilities=EVERYTHING, scope="sales", products=[product()])
    assert build(context).tasks[0].pod.containers[0].resources.memory == memory


@pytest.mark.parametrize("scale", ["light", "heavy"])
def test_rendered(scale: str, snapshot: SnapshotAssertion) -> None:
    products = [product(), product("by-hand", schedule=None, steps=[{"name": "a", "type": "custom", "command": ["a"]}])]
    settings = changed(PRODUCTION, environment={"scale": scale})
    context = context_of(COMPONENT, settings=settings, capabilities=EVERYTHING, scope="sales", products=products)
    assert as_text(unit_of(COMPONENT, context).objects) == snapshot


def test_a_product_says_what_nodes_it_needs() -> None:
    placement = {"node_selector": {"gpu": "yes"}, "priority_class": "low", "runtime_class": "nvidia"}
    context = context_of(COMPONENT, capabilities=EVERYTHING, scope="sales", products=[product(placement=placement)])
    (job,) = [manifest for manifest in unit_of(COMPONENT, context).objects if manifest["kind"] == "CronJob"]
    spec = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    assert (spec["priorityClassName"], spec["runtimeClassName"]) == ("low", "nvidia")
    assert spec["nodeSelector"] == {"gpu": "yes"}


def test_a_step_has_the_devices_that_it_asks_for_and_no_other_does() -> None:
    steps = [{"name": "load", "type": "dbt"}, {"name": "train", "type": "dbt", "devices": {"nvidia.com/gpu": 1}}]
    context = context_of(COMPONENT, capabilities=EVERYTHING, scope="sales", products=[product(steps=steps)])
    (job,) = [manifest for manifest in unit_of(COMPONENT, context).objects if manifest["kind"] == "CronJob"]
    pod = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    resources = {
        container["name"]: container["resources"] for container in (*pod["initContainers"], *pod["containers"])
    }
    assert resources["train"]["limits"]["nvidia.com/gpu"] == resources["train"]["requests"]["nvidia.com/gpu"] == "1"
    assert "nvidia.com/gpu" not in resources["load"]["limits"]
