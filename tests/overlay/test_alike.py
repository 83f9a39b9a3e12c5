"""kustomize builds one of the objects that differ in nothing but their names."""

from __future__ import annotations

import pytest

from floe_compiler.model.objects import Object, identify
from floe_compiler.overlay import alike, run_results
from floe_compiler.overlay.changed_objects import ChangedObject
from overlay.overlay_mesh import Mesh, config_map
from overlay.test_portions import FILE, counted_runs

LABELS = "labels: [{pairs: {team: data}}]\n"
ADD = "patches: [{target: {kind: ConfigMap}, patch: '[{op: add, path: /data, value: {k: v}}]'}]\n"
PATCH = "patches: [{{target: {{kind: ConfigMap, name: '{}'}}, patch: '{{apiVersion: v1, kind: ConfigMap, {}}}'}}]\n"
MERGE = PATCH.format(".*", "metadata: {name: c}, data: {k: v}")
COPY = (
    "patches: [{target: {kind: ConfigMap}, patch: '[{op: add, path: /data, value: {}}, "
    "{op: copy, from: /metadata/name, path: /data/k}]'}]\n"
)
DELETE = PATCH.format("c.*", "metadata: {name: c}, $patch: delete")


def objects() -> list[Object]:
    """Return four objects of which the first two are alike, and a third one but for an annotation."""
    third = config_map("c3")
    third["metadata"]["annotations"] = {"owner": "somebody"}
    return [config_map("c1"), config_map("c2"), third, config_map("d")]


def built_one_by_one(mesh: Mesh, monkeypatch: pytest.MonkeyPatch, *objects_: Object) -> list[Object]:
    """Return objects as kustomize builds them one by one."""
    with monkeypatch.context() as patch:
        patch.setattr(run_results, "grouped", lambda objects, _: [(object_,) for object_ in objects])
        return [*mesh.apply(*objects_).objects]


@pytest.mark.parametrize(
    ("steps", "runs_"),
    [
        (LABELS, 2),
        (ADD, 2),
        (MERGE, 2),
        (COPY, 4),
        (DELETE, 2),
        pytest.param(LABELS + ADD, 2, marks=pytest.mark.thorough),
    ],
)
def test_similar_objects_get_the_same_results_as_separately(
    mesh: Mesh, monkeypatch: pytest.MonkeyPatch, steps: str, runs_: int
) -> None:
    mesh.write({FILE: steps})
    expected = built_one_by_one(mesh, monkeypatch, *objects())
    runs = counted_runs(monkeypatch)

    assert [*mesh.apply(*objects()).objects] == expected
    assert runs == [runs_]


def test_objects_of_other_namespaces_are_similar_too(mesh: Mesh, monkeypatch: pytest.MonkeyPatch) -> None:
    mesh.write({FILE: LABELS})
    maps = [config_map("c", namespace) for namespace in ("sales", "finance")]
    runs = counted_runs(monkeypatch)

    rendered = mesh.apply(*maps)

    assert runs == [1]
    assert list(map(identify, rendered.objects)) == sorted(map(identify, maps))


def test_objects_with_and_without_a_namespace_are_not_similar() -> None:
    inside, outside = config_map("c"), config_map("c")
    del outside["metadata"]["namespace"]

    assert len(alike.grouped(map(changed, (inside, outside)), ())) == 2


def test_hand_written_objects_are_built_separately(mesh: Mesh, monkeypatch: pytest.MonkeyPatch) -> None:
    mesh.write({FILE: LABELS + "resources: [a.yaml, b.yaml]\n"})
    for name in ("a", "b"):
        mesh.write(
            {f"base/{name}.yaml": f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: x}}\n"}
        )
    runs = counted_runs(monkeypatch)

    mesh.apply()

    assert runs == [2]


def test_an_error_in_one_object_is_reported_as_without_grouping(mesh: Mesh, monkeypatch: pytest.MonkeyPatch) -> None:
    mesh.write({FILE: "patches: [{target: {kind: ConfigMap}, patch: '[{op: remove, path: /data/k}]'}]\n"})
    problems_ = mesh.messages(*objects())
    with monkeypatch.context() as patch:
        patch.setattr(run_results, "grouped", lambda objects, _: [(object_,) for object_ in objects])

        assert problems_ == mesh.messages(*objects())
    assert len(problems_) == 1


def changed(manifest: Object) -> ChangedObject:
    """Return an object without steps."""
    return ChangedObject(identify(manifest), manifest, "base", ())
