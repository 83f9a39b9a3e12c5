"""What each patch changed in an object, and where in the patch that stands."""

from __future__ import annotations

import pytest

from floe_compiler.model.rendered import Rendered
from overlay.overlay_mesh import Mesh, deployment

FILE = "base/kustomization.yaml"
HEAD = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: sales}\n"
MAIN = "spec.template.spec.containers[main]"


def patched(mesh: Mesh, *patches: str) -> Rendered:
    files = {f"base/{number}.yaml": patch for number, patch in enumerate(patches)}
    listed = "".join(f"- {{path: {number}.yaml, target: {{name: web}}}}\n" for number in range(len(patches)))
    return mesh.write({FILE: f"patches:\n{listed}", **files}).apply(deployment("web"))


def changes(rendered: Rendered) -> list[dict[str, tuple[int, int]]]:
    """Return the values that each patch changed, with line and column."""
    return [
        {path: (span.line, span.column) for path, span in patch.values.items()}
        for patch in rendered.patched["Deployment.apps sales/web"]
    ]


@pytest.mark.parametrize(
    ("patch", "expected"),
    [
        pytest.param("spec:\n  replicas: 3\n", {"spec.replicas": (5, 13)}, id="a value"),
        pytest.param("spec: {replicas: 3, paused: null}\n", {"spec.replicas": (4, 18)}, id="a value and nothing"),
        pytest.param("spec:\n  replicas: null\n", {"spec.replicas": (5, 13)}, id="a removed value"),
        pytest.param(
            "metadata: {name: web, namespace: sales, annotations: {a.b/c: x}}\n",
            {"metadata.annotations": (4, 41), "metadata.annotations.a.b/c": (4, 62)},
            id="an annotation",
        ),
        pytest.param(
            "spec: {template: {spec: {containers: [{name: main, image: 'x:2'}]}}}\n",
            {f"{MAIN}.image": (4, 59)},
            id="a field of an item",
        ),
        pytest.param(
            "spec:\n  template:\n    spec:\n      containers:\n      - name: side\n        image: y:1\n",
            {
                "spec.template.spec.containers[side]": (8, 9),
                "spec.template.spec.containers[side].name": (8, 15),
                "spec.template.spec.containers[side].image": (9, 16),
            },
            id="a new item",
        ),
        pytest.param(
            "spec: {template: {spec: {containers: [{name: main, $patch: delete}, {name: b, image: 'c:1'}]}}}\n",
            {
                MAIN: (4, 39),
                "spec.template.spec.containers[b]": (4, 69),
                "spec.template.spec.containers[b].name": (4, 76),
                "spec.template.spec.containers[b].image": (4, 86),
            },
            id="a removed item",
        ),
        pytest.param(
            "spec: {template: {metadata: {$patch: replace, labels: {app: web}, annotations: {a: b}}}}\n",
            {
                "spec.template.metadata.annotations": (4, 67),
                "spec.template.metadata.annotations.a": (4, 84),
            },
            id="a replaced mapping",
        ),
    ],
)
def test_a_merge_patch_changes_what_it_names_and_what_differs(
    mesh: Mesh, patch: str, expected: dict[str, tuple[int, int]]
) -> None:
    head = HEAD.replace("metadata:", "# the lines are the same:") if patch.startswith("metadata") else HEAD
    assert changes(patched(mesh, head + patch)) == [expected]


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        ("{op: replace, path: /spec/replicas, value: 3}", {"spec.replicas": (1, 46)}),
        ("{op: remove, path: /spec/replicas}", {"spec.replicas": (1, 22)}),
        ("{op: test, path: /spec/replicas, value: 1}", {}),
        (
            "{op: replace, path: /spec/template/spec/containers/0/image, value: 'x:2'}",
            {f"{MAIN}.image": (1, 70)},
        ),
        (
            "{op: add, path: /spec/template/spec/containers/-, value: {name: b, image: 'c:1'}}",
            {
                "spec.template.spec.containers[b]": (1, 53),
                "spec.template.spec.containers[b].name": (1, 67),
                "spec.template.spec.containers[b].image": (1, 77),
            },
        ),
        (
            "{op: add, path: /metadata/annotations, value: {a~b/c: d}}",
            {"metadata.annotations": (1, 42), "metadata.annotations.a~b/c": (1, 57)},
        ),
        (
            "{op: move, from: /spec/template/metadata/labels/app, path: /spec/template/metadata/labels/a~1b}",
            {"spec.template.metadata.labels.app": (1, 20), "spec.template.metadata.labels.a/b": (1, 62)},
        ),
    ],
)
def test_a_json_patch_changes_what_its_pointers_name(
    mesh: Mesh, operation: str, expected: dict[str, tuple[int, int]]
) -> None:
    rendered = patched(mesh, f"- {operation}\n", "- {op: replace, path: /spec/selector/matchLabels/app, value: x}\n")
    *found, last = changes(rendered)
    assert found == ([expected] if expected else [])
    assert last == {"spec.selector.matchLabels.app": (1, 62)}


def test_other_entries_change_what_is_theirs(mesh: Mesh) -> None:
    text = """\
labels: [{pairs: {team: data}, includeTemplates: true}]
images: [{name: ghcr.io/acme/web, newTag: '2.0'}]
replicas: [{name: web, count: 5}]
"""
    mesh.write({FILE: text + "patches: [{path: p.yaml}]\n", "base/p.yaml": HEAD + "spec: {paused: true}\n"})
    found = {path: at for each in changes(mesh.apply(deployment("web"))) for path, at in each.items()}
    assert found == {
        "metadata.labels": (1, 10),
        "metadata.labels.team": (1, 25),
        "spec.template.metadata.labels.team": (1, 25),
        f"{MAIN}.image": (2, 43),
        "spec.replicas": (3, 31),
        "spec.paused": (4, 16),
    }


def test_each_of_two_patches_has_its_own(mesh: Mesh) -> None:
    found = changes(patched(mesh, HEAD + "spec: {replicas: 2, paused: true}\n", HEAD + "spec: {replicas: 3}\n"))
    assert [sorted(each) for each in found] == [["spec.paused", "spec.replicas"], ["spec.replicas"]]
