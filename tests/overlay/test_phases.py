"""The phases in which kustomize takes the steps."""

from __future__ import annotations

import pytest

from floe_compiler.model.objects import ObjectId
from floe_compiler.model.yaml_text import to_yaml
from floe_compiler.overlay.changed_objects import ChangedObject
from floe_compiler.overlay.phases import phases
from overlay.overlay_mesh import Mesh, config_map

MERGE = {"patch": to_yaml(config_map("a", data={"k": "v"})), "target": {"kind": "ConfigMap"}}
JSON = {"patch": '[{"op": "add", "path": "/data/k", "value": "v"}]', "target": {"kind": "ConfigMap"}}
BY_LABEL = {**MERGE, "target": {"labelSelector": "a=b"}}


@pytest.mark.parametrize(
    ("patches", "expected"),
    [
        ([MERGE, MERGE, MERGE], [3]),
        ([JSON, JSON], [2]),
        ([MERGE, JSON], [1, 1]),
        ([JSON, MERGE, MERGE, JSON], [1, 2, 1]),
        ([BY_LABEL, MERGE], [2]),
        ([MERGE, BY_LABEL], [1, 1]),
    ],
)
def test_steps_of_one_object_run_in_order(mesh: Mesh, patches: list[dict[str, object]], expected: list[int]) -> None:
    # Each step has a line of its own, as equal steps are one.
    mesh.write({"base/kustomization.yaml": to_yaml({"patches": patches})})
    steps = mesh.overlay().steps
    changed = ChangedObject(ObjectId("", "ConfigMap", "sales", "a"), config_map("a"), "base", steps)

    assert [len(phase) for phase in phases(steps, [changed])] == expected


def test_steps_of_different_objects_share_a_phase(mesh: Mesh) -> None:
    mesh.write({"base/kustomization.yaml": to_yaml({"patches": [MERGE, JSON, MERGE, JSON]})})
    steps = mesh.overlay().steps
    objects = [
        ChangedObject(ObjectId("", "ConfigMap", "sales", name), config_map(name), "base", steps[start::2])
        for start, name in enumerate("ab")
    ]

    assert [len(phase) for phase in phases(steps, objects)] == [4]


def test_pairs_of_patches_for_many_objects_take_two_phases(mesh: Mesh) -> None:
    mesh.write({"base/kustomization.yaml": to_yaml({"patches": [MERGE, JSON] * 5})})
    steps = mesh.overlay().steps
    objects = [
        ChangedObject(ObjectId("", "ConfigMap", "sales", str(at)), config_map("a"), "base", steps[2 * at : 2 * at + 2])
        for at in range(5)
    ]

    assert [len(phase) for phase in phases(steps, objects)] == [5, 5]
