"""The values that each patch changed in an object, with their places in the patch."""

from __future__ import annotations

from floe_compiler.model.rendered import Rendered
from overlay.overlay_mesh import Mesh, deployment

FILE = "base/kustomization.yaml"
HEAD = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: sales}\n"
MAIN = "spec.template.spec.containers[main]"


def patched(mesh: Mesh, *patches: str) -> Rendered:
    files = {f"base/{number}.yaml": patch for number, patch in enumerate(patches)}
    listed = "".join(f"- {{path: {number}.yaml, target: {{name: web}}}}\n" for number in range(len(patches)))
    return mesh.write({FILE: f"patches:\n{listed}", **files}).apply(deployment("web"))


def changes(rendered: Rendered, namespace: str = "sales") -> list[dict[str, tuple[int, int]]]:
    """Return the values that each patch changed, with line and column."""
    return [
        {path: (span.line, span.column) for path, span in patch.values.items()}
        for patch in rendered.patched[f"Deployment.apps {namespace}/web"]
    ]


def changes_of_each(mesh: Mesh, patches: list[list[str]]) -> list[list[dict[str, tuple[int, int]]]]:
    """Return what each patch changes of a Deployment: those of one list, of one in a namespace of its own."""
    namespaces = [f"ns-{number:02}" for number in range(len(patches))]  # as long as that which they stand for
    listed, files = "", {}
    for namespace, texts in zip(namespaces, patches, strict=True):
        for number, text in enumerate(texts):
            file = f"{namespace}-{number}.yaml"
            files[f"base/{file}"] = text.replace("namespace: sales", f"namespace: {namespace}")
            listed += f"- {{path: {file}, target: {{name: web, namespace: {namespace}}}}}\n"
    rendered = mesh.write({FILE: f"patches:\n{listed}", **files}).apply(
        *(deployment("web", name) for name in namespaces)
    )
    return [changes(rendered, namespace) for namespace in namespaces]


MERGED: dict[str, tuple[str, dict[str, tuple[int, int]]]] = {
    "a value": ("spec:\n  replicas: 3\n", {"spec.replicas": (5, 13)}),
    "a value and nothing": ("spec: {replicas: 3, paused: null}\n", {"spec.replicas": (4, 18)}),
    "a removed value": ("spec:\n  replicas: null\n", {"spec.replicas": (5, 13)}),
    "an annotation": (
        "metadata: {name: web, namespace: sales, annotations: {a.b/c: x}}\n",
        {"metadata.annotations": (4, 41), "metadata.annotations.a.b/c": (4, 62)},
    ),
    "a field of an item": (
        "spec: {template: {spec: {containers: [{name: main, image: 'x:2'}]}}}\n",
        {f"{MAIN}.image": (4, 59)},
    ),
    "a new item": (
        "spec:\n  template:\n    spec:\n      containers:\n      - name: side\n        image: y:1\n",
        {
            "spec.template.spec.containers[side]": (8, 9),
            "spec.template.spec.containers[side].name": (8, 15),
            "spec.template.spec.containers[side].image": (9, 16),
        },
    ),
    "a removed item": (
        "spec: {template: {spec: {containers: [{name: main, $patch: delete}, {name: b, image: 'c:1'}]}}}\n",
        {
            MAIN: (4, 39),
            "spec.template.spec.containers[b]": (4, 69),
            "spec.template.spec.containers[b].name": (4, 76),
            "spec.template.spec.containers[b].image": (4, 86),
        },
    ),
    "a replaced mapping": (
        "spec: {template: {metadata: {$patch: replace, labels: {app: web}, annotations: {a: b}}}}\n",
        {
            "spec.template.metadata.annotations": (4, 67),
            "spec.template.metadata.annotations.a": (4, 84),
        },
    ),
}


def test_a_merge_patch_changes_the_values_that_it_names(mesh: Mesh) -> None:
    wrong = {}
    heads = [
        HEAD.replace("metadata:", "# the lines are the same:") if patch.startswith("metadata") else HEAD
        for patch, _ in MERGED.values()
    ]
    patches = [[head + patch] for head, (patch, _) in zip(heads, MERGED.values(), strict=True)]
    for (name, (_, expected)), changed in zip(MERGED.items(), changes_of_each(mesh, patches), strict=True):
        if changed != [expected]:
            wrong[name] = changed
    assert wrong == {}


def test_a_json_patch_changes_the_values_of_its_pointers(mesh: Mesh) -> None:
    cases: list[tuple[str, dict[str, tuple[int, int]]]] = [
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
    ]
    second, wrong = "- {op: replace, path: /spec/selector/matchLabels/app, value: x}\n", {}
    patches = [[f"- {operation}\n", second] for operation, _ in cases]
    for (operation, expected), (*changed, last) in zip(cases, changes_of_each(mesh, patches), strict=True):
        if changed != ([expected] if expected else []) or last != {"spec.selector.matchLabels.app": (1, 62)}:
            wrong[operation] = changed, last
    assert wrong == {}


def test_other_entries_change_their_own_fields(mesh: Mesh) -> None:
    text = """\
labels: [{pairs: {team: data}, includeTemplates: true}]
images: [{name: ghcr.io/acme/web, newTag: '2.0'}]
replicas: [{name: web, count: 5}]
"""
    mesh.write({FILE: text + "patches: [{path: p.yaml}]\n", "base/p.yaml": HEAD + "spec: {paused: true}\n"})
    changed = {path: at for change in changes(mesh.apply(deployment("web"))) for path, at in change.items()}
    assert changed == {
        "metadata.labels": (1, 10),
        "metadata.labels.team": (1, 25),
        "spec.template.metadata.labels.team": (1, 25),
        f"{MAIN}.image": (2, 43),
        "spec.replicas": (3, 31),
        "spec.paused": (4, 16),
    }


def test_each_patch_has_its_own_changes(mesh: Mesh) -> None:
    changed = changes(patched(mesh, HEAD + "spec: {replicas: 2, paused: true}\n", HEAD + "spec: {replicas: 3}\n"))
    assert [sorted(change) for change in changed] == [["spec.paused", "spec.replicas"], ["spec.replicas"]]
