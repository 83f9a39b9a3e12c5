"""The units of an environment, and their keys."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from floe_compiler.cache.store import Memory
from floe_compiler.load.input_tree import read_inputs
from floe_compiler.model.codec import encode
from floe_compiler.pipeline import silent
from floe_compiler.pipeline.environments import Mesh, cluster_tasks, unit_tasks, with_definitions
from floe_compiler.pipeline.headers import declared_unit
from floe_compiler.pipeline.resolving import read_mesh
from floe_compiler.pipeline.selection import NOTHING
from floe_compiler.pipeline.units import Task
from floe_compiler.pipeline.workers import ThisProcess
from pipeline.mesh_of_three import (
    CLASS,
    CLUSTER,
    DELIVERY,
    DEV_NOTE,
    DEV_OVERLAY,
    DEV_PATCH,
    DOMAINS,
    PLATFORM,
    config_map,
    files,
    labelled,
    namespace,
    overlay,
    priority_class,
    quota,
    write,
)
from plans import plan_environment, plan_mesh

NAMESPACES = (PLATFORM, *map(namespace, DOMAINS))


def mesh(root: Path, changes: Mapping[str, Any] | None = None) -> Mesh:
    """Return dev of the mesh with these changes, read and resolved."""
    inputs = read_inputs(write(write(root, files()), changes or {}))
    return read_mesh(inputs, ("dev",), NOTHING, silent, Memory(), ThisProcess())[0]


def tasks(of: Mesh, definitions: tuple[str, ...] = ()) -> dict[str, Task]:
    """Return the tasks of all units by name."""
    inputs = of.inputs()
    tasks_ = [*cluster_tasks(of, inputs), *unit_tasks(of, with_definitions(of, inputs, {"dev": definitions}))]
    assert len({task.key for task in tasks_}) == len(tasks_)
    return {task.key.namespace: task for task in tasks_}


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Mesh:
    return mesh(tmp_path_factory.mktemp("mesh"))


def test_each_namespace_and_the_objects_without_one_are_a_unit(before: Mesh) -> None:
    tasks_ = tasks(before)
    assert {*tasks_} == {CLUSTER, DELIVERY, *NAMESPACES}
    assert {(task.key.environment, task.key.cluster) for task in tasks_.values()} == {("dev", "dev")}
    assert {name for name, task in tasks_.items() if task.delivery} == {DELIVERY}
    assert {name: task.scope for name, task in tasks_.items() if task.scope} == {
        PLATFORM: "platform",
        **{namespace(name): name for name in DOMAINS},
    }
    assert len({task.content for task in tasks_.values()}) == len(tasks_), "none is taken for another"


def test_hand_written_objects_of_an_unknown_namespace_are_a_unit(tmp_path: Path) -> None:
    tasks_ = tasks(mesh(tmp_path, {DEV_NOTE: config_map("note", namespace="elsewhere")}))
    assert tasks_.keys() - {CLUSTER, DELIVERY, *NAMESPACES} == {"elsewhere"}
    assert tasks_["elsewhere"].declared is None


def changed(before: Mesh, after: Mesh) -> set[str]:
    old_tasks, new_tasks = tasks(before), tasks(after)
    return {name for name in old_tasks if old_tasks[name].content != new_tasks[name].content}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, set()),
        ({DEV_PATCH: quota("51")}, {namespace("finance")}),
        ({CLASS: priority_class(2)}, {CLUSTER}),
        ({DEV_NOTE: config_map("other", namespace=namespace("sales"))}, {namespace("sales")}),
        (
            {DEV_OVERLAY: overlay({"path": "finance-quota.yaml"}, labelled("Application", "a", namespace="argocd"))},
            {DELIVERY},
        ),
        (
            {DEV_OVERLAY: overlay({"path": "finance-quota.yaml"}, labelled("Role", "a", namespace="floe-.*-domain"))},
            {CLUSTER, DELIVERY, *NAMESPACES},
        ),
    ],
    ids=["nothing", "patch", "no namespace", "written", "delivery", "pattern"],
)
def test_the_key_of_a_unit_has_its_part_of_the_overlay(
    changes: Mapping[str, Any], expected: set[str], before: Mesh, tmp_path: Path
) -> None:
    assert changed(before, mesh(tmp_path, changes)) == expected


def test_every_key_has_the_compiler(before: Mesh) -> None:
    assert changed(before, replace(before, compiler="another")) == {CLUSTER, DELIVERY, *NAMESPACES}


def test_keys_of_units_with_custom_resources_have_the_definitions(before: Mesh) -> None:
    with_definition, without_definition = tasks(before, ("kind: A\n",)), tasks(before)
    assert {name for name in with_definition if with_definition[name].content != without_definition[name].content} == {
        DELIVERY,
        *NAMESPACES,
    }
    definitions = with_definitions(before, before.inputs(), {"dev": ["b", "a", "b"]})
    assert definitions["dev"].definitions == ("a", "b")


def test_the_plans_are_those_that_explain_renders(tmp_path: Path) -> None:
    of = mesh(tmp_path)
    (planned,) = [plan for plan in plan_mesh(tmp_path) if plan.settings.environment.name == "dev"]

    plans = [
        task.derived.plan(declared_unit(task.declared)) for task in tasks(of).values() if task.declared is not None
    ]

    assert {plan.unit.namespace for plan in plans} == {*NAMESPACES}
    expected = {plan.unit.namespace: encode(plan) for plan in plan_environment(planned)}
    assert {plan.unit.namespace: encode(plan) for plan in plans} == expected
