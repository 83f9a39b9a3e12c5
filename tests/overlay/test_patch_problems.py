"""Patches of items that do not exist, and patches that would drop items of a list."""

from __future__ import annotations

from typing import Any

import pytest

from floe_compiler.model.objects import Object
from floe_compiler.model.yaml_text import to_yaml
from floe_compiler.overlay import failures_once
from overlay.overlay_mesh import Mesh, config_map
from overlay.test_requests import container, patches, pod, pods_of

PLACE = "base/p0.yaml"


def messages(mesh: Mesh, manifest: Object, *changes: Object) -> list[str]:
    """Return the errors of patches, without the positions in their lines."""
    mesh.write(patches(*changes))
    return [text.split(":", 3)[0].split()[0] + text.split(":", 3)[3] for text in mesh.messages(manifest)]


MAIN = container("main", env=[{"name": "COLOR", "value": "red"}], volumeMounts=[{"name": "data", "mountPath": "/data"}])


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            {"containers": [{"name": "mian", "env": [{"name": "A", "value": "1"}]}]},
            'there is no container "mian" (did you mean "main"?; a new container needs image)',
        ),
        ({"containers": [{"name": "mian", "$patch": "delete"}]}, 'there is no container "mian" (did you mean "main"?)'),
        (
            {"initContainers": [{"name": "main", "command": ["x"]}]},
            'there is no init container "main" (the list is empty; a new init container needs image)',
        ),
        (
            {"containers": [{"name": "main", "env": [{"name": "COLOUR", "$patch": "delete"}]}]},
            'there is no variable "COLOUR" (did you mean "COLOR"?)',
        ),
        (
            {"containers": [{"name": "main", "env": [{"name": "COLOUR"}]}]},
            'there is no variable "COLOUR" (did you mean "COLOR"?; a new variable needs value or valueFrom)',
        ),
        (
            {"containers": [{"name": "main", "volumeMounts": [{"mountPath": "/dat", "readOnly": True}]}]},
            'there is no mount "/dat" (did you mean "/data"?; a new mount needs name)',
        ),
        ({"volumes": [{"name": "date", "$patch": "delete"}]}, 'there is no volume "date" (did you mean "data"?)'),
        (
            {"volumes": [{"name": "date"}]},
            'there is no volume "date" (did you mean "data"?; a new volume needs a source, such as emptyDir)',
        ),
        ({"containers": [{"image": "x"}]}, "the container has no name (an item is found by its name)"),
        (
            {"imagePullSecrets": [{"name": "key", "$patch": "delete"}]},
            'there is no item of imagePullSecrets "key" (the list is empty)',
        ),
    ],
)
def test_a_patch_of_a_missing_item_is_an_error(mesh: Mesh, change: dict[str, Any], expected: str) -> None:
    manifest = pods_of("Deployment", [MAIN], volumes=[{"name": "data", "emptyDir": {}}])
    patch = pods_of("Deployment", [])
    patch["spec"]["template"]["spec"] = change

    assert messages(mesh, manifest, patch) == [f"K022 {expected}"]


def test_the_error_is_at_the_name_of_the_item(mesh: Mesh) -> None:
    mesh.write(patches(pods_of("Deployment", [{"name": "mian", "command": ["x"]}])))

    (problem,) = mesh.problems(pods_of("Deployment", [MAIN]))

    text = (mesh.root / PLACE).read_text().splitlines()
    assert problem.span is not None
    assert text[problem.span.line - 1][problem.span.column - 1 :] == "mian"
    assert problem.subject == "Deployment.apps sales/web"


def test_each_wrong_name_is_one_error_for_all_objects(mesh: Mesh) -> None:
    wrong = [{"name": "mian", "command": ["x"]}, {"name": "sied", "command": ["x"]}]
    entry = {"target": {"kind": "Deployment"}, "patch": to_yaml(pods_of("Deployment", wrong))}
    mesh.write({"base/kustomization.yaml": to_yaml({"patches": [entry]})})
    deployments = [
        {**pods_of("Deployment", [MAIN]), "metadata": {"name": name, "namespace": "sales"}} for name in "abc"
    ]

    problems_ = failures_once(mesh.problems(*deployments))

    assert [problem.message for problem in problems_] == [
        'there is no container "mian"',
        'there is no container "sied"',
    ]


def test_a_complete_new_item_is_added_and_an_earlier_patch_may_add_it(mesh: Mesh) -> None:
    mesh.write(
        patches(
            pods_of("Deployment", [container("side")], volumes=[{"name": "v", "emptyDir": {}}]),
            pods_of("Deployment", [{"name": "side", "ports": [{"containerPort": 80}]}]),
        )
    )

    (result,) = mesh.apply(pods_of("Deployment", [MAIN])).objects

    spec: Any = result["spec"]
    assert [item["name"] for item in spec["template"]["spec"]["containers"]] == ["main", "side"]


def test_a_custom_resource_does_not_lose_fields_of_an_item(mesh: Mesh) -> None:
    memory = {"name": "main", "resources": {"limits": {"memory": "1Gi"}}}
    limited = {**MAIN, "resources": {"limits": {"cpu": "1"}}}

    expected = (
        "K023 spec.template.spec.containers has no merge key, so the patch replaces the whole list,"
        " which loses image and env and volumeMounts and resources of main, side (write a JSON patch with a target:"
        " {op: add, path: /spec/template/spec/containers/0/resources/limits/memory, value: ...};"
        " to replace the list, op: replace)"
    )
    assert messages(mesh, pods_of("Rollout", [limited, container("side")]), pods_of("Rollout", [memory])) == [expected]


@pytest.mark.parametrize("before", [["a.example", "b.example"], [{"host": "a"}, {"host": "b"}]])
def test_a_custom_resource_does_not_lose_items(mesh: Mesh, before: list[Any]) -> None:
    certificate = {**config_map("web"), "apiVersion": "cert-manager.io/v1", "kind": "Certificate"}

    expected = (
        "K023 spec.of has no merge key, so the patch replaces the whole list, which loses item 0"
        " (write a JSON patch with a target: {op: add, path: /spec/of/-, value: ...}; to replace the list, op: replace)"
    )
    assert messages(mesh, {**certificate, "spec": {"of": before}}, {**certificate, "spec": {"of": before[1:]}}) == [
        expected
    ]


def test_a_custom_resource_has_no_items_to_delete_by_key(mesh: Mesh) -> None:
    manifest = pods_of("Rollout", [MAIN, container("side")])

    expected = (
        "K023 $patch has no effect in spec.template.spec.containers, which has no merge key"
        " (write a JSON patch with a target: {op: remove, path: /spec/template/spec/containers/1})"
    )
    assert messages(mesh, manifest, pods_of("Rollout", [{"name": "side", "$patch": "delete"}])) == [expected]


def test_a_list_of_a_custom_resource_may_be_repeated_with_changes(mesh: Mesh) -> None:
    changed = {**MAIN, "image": "other", "command": ["x"]}
    mesh.write(patches(pods_of("Rollout", [changed, container("side")])))

    (result,) = mesh.apply(pods_of("Rollout", [MAIN])).objects

    spec: Any = result["spec"]
    assert spec["template"]["spec"]["containers"] == [changed, container("side")]


def test_kubernetes_own_kinds_lose_no_items_but_may_get_other_plain_values(mesh: Mesh) -> None:
    tolerations = [{"key": "a"}, {"key": "b"}]
    manifest = pods_of("Deployment", [{**MAIN, "args": ["a", "b"]}], tolerations=tolerations)

    expected = (
        "K023 spec.template.spec.tolerations has no merge key, so the patch replaces the whole list, which loses item"
        " 0, item 1 (write a JSON patch with a target: {op: add, path: /spec/template/spec/tolerations/-, value: ...};"
        " to replace the list, op: replace)"
    )
    change = pods_of("Deployment", [{"name": "main", "args": ["c"]}], tolerations=[{"key": "c"}])
    assert messages(mesh, manifest, change) == [expected]
    mesh.write(patches(pods_of("Deployment", [{"name": "main", "args": ["c"]}])))
    (result,) = mesh.apply(manifest).objects
    assert pod(result)["containers"][0]["args"] == ["c"]
