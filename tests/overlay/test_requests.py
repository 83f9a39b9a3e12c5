"""A merge patch changes what it says and nothing else, or it is refused."""

from __future__ import annotations

import json
from itertools import product
from typing import Any

import pytest

from floe_compiler.load.yaml_reader import read_documents
from floe_compiler.model.document import DataPath
from floe_compiler.model.objects import Object, ObjectSet
from floe_compiler.model.rendered import Rendered
from floe_compiler.model.yaml_text import to_yaml
from overlay.overlay_mesh import OVERLAY, Mesh, deployment

STEPS = ("first", "second", "third")


def pods_of(kind: str, containers: list[Object], **pod: Any) -> Object:
    """Return an object with a pod template."""
    template = {"spec": {"containers": containers, **pod}}
    api_version, spec = {
        "CronJob": ("batch/v1", {"schedule": "0 0 * * *", "jobTemplate": {"spec": {"template": template}}}),
        "Deployment": ("apps/v1", {"template": template}),
        "Rollout": ("argoproj.io/v1alpha1", {"template": template}),
    }[kind]
    return {
        "apiVersion": api_version,
        "kind": kind,
        "metadata": {"name": "web", "namespace": "sales"},
        "spec": spec,
    }


def container(name: str, **fields: Any) -> Object:
    return {"name": name, "image": f"ghcr.io/acme/{name}:1", **fields}


def patches(*patches: Object, folder: str = "base", **fields: Any) -> dict[str, str]:
    """Return a kustomization with patches, each in a file of its own."""
    files = {f"{folder}/p{number}.yaml": to_yaml(patch) for number, patch in enumerate(patches)}
    entries = [{"path": f"p{number}.yaml"} for number in range(len(patches))]
    return {f"{folder}/kustomization.yaml": to_yaml({**fields, "patches": entries}), **files}


def pod(manifest: Object) -> Any:
    spec: Any = manifest["spec"]
    template = spec["jobTemplate"]["spec"]["template"] if "jobTemplate" in spec else spec["template"]
    return template["spec"]


def names(items: list[Object]) -> list[str]:
    return [str(item["name"]) for item in items]


def test_items_of_a_list_keep_their_order(mesh: Mesh) -> None:
    cases = {
        f"{field.lower()}-{named}-of-{kind.lower()}": (kind, field, named)
        for kind, field, named in product(("CronJob", "Deployment"), ("containers", "initContainers"), STEPS)
    }
    manifests, changes = [], []
    for name, (kind, field, named) in cases.items():
        manifest, change = pods_of(kind, [container("main")]), pods_of(kind, [])
        pod(manifest)[field] = [container(step) for step in STEPS]
        del pod(change)["containers"]
        pod(change)[field] = [{"name": named, "env": [{"name": "A", "value": "1"}]}]
        for manifest_ in (manifest, change):
            manifest_["metadata"]["name"] = name
        manifests.append(manifest)
        changes.append(change)
    mesh.write(patches(*changes))

    results = {manifest["metadata"]["name"]: manifest for manifest in mesh.apply(*manifests).objects}

    for name, (_, field, named) in cases.items():
        items = pod(results[name])[field]
        assert names(items) == list(STEPS), name
        assert {item["name"]: item["env"] for item in items if "env" in item} == {
            named: [{"name": "A", "value": "1"}]
        }, name


def test_new_items_are_last_in_the_order_of_the_patches(mesh: Mesh) -> None:
    variables = [{"name": "A", "value": "1"}, {"name": "B", "value": "$(A)"}]
    manifest = pods_of("Deployment", [container("main", env=variables)])
    added = [[{"name": "C", "value": "$(B)"}, {"name": "D", "value": "$(C)"}], [{"name": "E", "value": "$(D)"}]]
    mesh.write(patches(*(pods_of("Deployment", [{"name": "main", "env": new}]) for new in added)))

    (result,) = mesh.apply(manifest).objects

    assert names(pod(result)["containers"][0]["env"]) == ["A", "B", "C", "D", "E"]


def test_a_patch_that_replaces_a_list_sets_its_order(mesh: Mesh) -> None:
    manifest = pods_of("Deployment", [container("a"), container("b")])
    mesh.write(patches(pods_of("Deployment", [{"$patch": "replace"}, container("b"), container("a")])))

    (result,) = mesh.apply(manifest).objects

    assert names(pod(result)["containers"]) == ["b", "a"]


def test_a_json_patch_sets_the_order_and_uses_current_indexes(mesh: Mesh) -> None:
    """Items keep their order between a merge patch and a JSON patch, and stay where a JSON patch puts them."""
    manifest = pods_of("Deployment", [container("a"), container("b"), container("c")])
    place = "/spec/template/spec/containers"
    operations = [
        {"op": "replace", "path": f"{place}/0/image", "value": "changed"},
        {"op": "add", "path": f"{place}/0", "value": container("first")},
    ]
    merge = to_yaml(pods_of("Deployment", [{"name": "c", "command": ["c"]}]))
    last = to_yaml(pods_of("Deployment", [{"name": "b", "command": ["b"]}]))
    entries = [{"patch": merge}, {"target": {"kind": "Deployment"}, "patch": json.dumps(operations)}, {"patch": last}]
    mesh.write({"base/kustomization.yaml": to_yaml({"patches": entries})})

    (result,) = mesh.apply(manifest).objects

    assert names(pod(result)["containers"]) == ["first", "a", "b", "c"]
    assert [item.get("command") for item in pod(result)["containers"]] == [None, None, ["b"], ["c"]]
    assert pod(result)["containers"][1]["image"] == "changed"


def test_the_patches_of_components_and_of_hand_written_objects_keep_the_order(mesh: Mesh) -> None:
    manifest = pods_of("CronJob", [container(name) for name in STEPS])
    change = pods_of("CronJob", [{"name": "second", "command": ["x"]}])
    mesh.write(
        {
            "base/kustomization.yaml": "resources: [web.yaml]\ncomponents: [extra]\n",
            "base/web.yaml": to_yaml(manifest),
            **patches(
                change,
                folder="base/extra",
                apiVersion="kustomize.config.k8s.io/v1alpha1",
                kind="Component",
            ),
        }
    )

    (result,) = mesh.apply().objects

    assert names(pod(result)["containers"]) == list(STEPS)
    assert pod(result)["containers"][1]["command"] == ["x"]


def component(*changes: Object, **fields: Any) -> dict[str, str]:
    """Return a component with patches, which the base lists."""
    header = {"apiVersion": "kustomize.config.k8s.io/v1alpha1", "kind": "Component"}
    return {
        "base/kustomization.yaml": "components: [extra]\n",
        **patches(*changes, folder="base/extra", **header, **fields),
    }


def test_a_component_patches_its_own_objects_in_the_same_way(mesh: Mesh) -> None:
    change = pods_of("CronJob", [{"name": "third", "command": ["x"]}, {"name": "first", "$patch": "delete"}])
    manifest = pods_of("CronJob", [container(name) for name in STEPS])
    mesh.write({**component(change, resources=["web.yaml"]), "base/extra/web.yaml": to_yaml(manifest)})

    (result,) = mesh.apply().objects

    assert names(pod(result)["containers"]) == ["second", "third"]


@pytest.mark.parametrize(
    ("kind", "change", "code"),
    [
        ("CronJob", {"name": "frist", "$patch": "delete"}, "K022"),
        ("CronJob", {"name": "frist", "command": ["x"]}, "K022"),
        ("Rollout", {"name": "first", "command": ["x"]}, "K023"),
        ("CronJob", {"name": "first", "$patch": "replace", "command": ["x"]}, "K024"),
        ("CronJob", {"name": "first", "$retainKeys": ["name"]}, "K014"),
    ],
)
def test_an_error_in_a_component_is_refused_in_the_same_way(mesh: Mesh, kind: str, change: Object, code: str) -> None:
    mesh.write(component(pods_of(kind, [change])))

    problems_ = mesh.problems(pods_of(kind, [container(name) for name in STEPS]))

    assert [(problem.rule.code, problem.span.file if problem.span else "") for problem in problems_] == [
        (code, "base/extra/p0.yaml")
    ]


def test_a_patch_with_a_target_deletes_labels_and_annotations(mesh: Mesh) -> None:
    metadata = {"annotations": {"a/b": "x", "a/null": "null"}, "labels": {"tier": "gold", "app": "web"}}
    manifests = [deployment("web"), deployment("other")]
    manifests[0]["metadata"] |= metadata
    manifests[1]["metadata"] |= {"labels": {"app": "other"}}
    change = deployment("any")
    change["metadata"] = {"name": "any", "annotations": {"a/b": None}, "labels": {"tier": None}}
    del change["spec"]
    mesh.write(
        {"base/kustomization.yaml": to_yaml({"patches": [{"target": {"name": ".*"}, "patch": to_yaml(change)}]})}
    )

    metadata_of = {manifest["metadata"]["name"]: manifest["metadata"] for manifest in mesh.apply(*manifests).objects}

    assert metadata_of["web"]["annotations"] == {"a/null": "null"}
    assert metadata_of["web"]["labels"] == {"app": "web"}
    assert "annotations" not in metadata_of["other"]
    assert metadata_of["other"]["labels"] == {"app": "other"}


@pytest.mark.parametrize(
    ("pods", "place"),
    [
        ({"containers": {"name": "first"}}, "containers"),
        ({"containers": "first"}, "containers"),
        ({"containers": ["first"]}, "containers.0"),
        ({"containers": [None]}, "containers.0"),
        ({"containers": [{"name": 1, "image": "a"}]}, "containers.0.name"),
        ({"containers": [{"name": {"a": "b"}}]}, "containers.0.name"),
        ({"containers": [{"name": "first", "resources": ["x"]}]}, "containers.0.resources"),
        ({"containers": [{"name": "first", "ports": [{"containerPort": "80"}]}]}, "containers.0.ports.0.containerPort"),
    ],
)
def test_a_value_of_another_type_is_refused_at_its_place(mesh: Mesh, pods: Object, place: str) -> None:
    manifest = pods_of("Deployment", [container("first", resources={}, ports=[{"containerPort": 80}])])
    change = pods_of("Deployment", [])
    change["spec"]["template"]["spec"] = pods
    mesh.write(patches(change))

    (problem,) = mesh.problems(manifest)

    ((document,), _) = read_documents(to_yaml(change), "base/p0.yaml")
    below = tuple(int(step) if step.isdigit() else step for step in place.split("."))
    assert (problem.rule.code, problem.span) == ("K018", document.span(("spec", "template", "spec", *below)))


def test_a_json_patch_sets_the_type_as_well(mesh: Mesh) -> None:
    manifests = []
    for name, before in {"web-a": "50%", "web-b": "1", "web-c": 2}.items():
        manifests.append(deployment(name))
        manifests[-1]["spec"]["minReadySeconds"] = before
    operations = [{"op": "replace", "path": "/spec/minReadySeconds", "value": 1}]
    entry = {"target": {"kind": "Deployment"}, "patch": json.dumps(operations)}
    mesh.write({"base/kustomization.yaml": to_yaml({"patches": [entry]})})

    results = mesh.apply(*manifests).objects

    assert [manifest["spec"]["minReadySeconds"] for manifest in results] == [1, 1, 1]


@pytest.mark.parametrize(
    ("operations", "place"),
    [
        ([{"op": "copy", "from": "/metadata/labels/b", "path": "/metadata/annotations"}], (0, "from")),
        ([{"op": "copy", "from": "/spec/template/spec/containers/3", "path": "/spec/x"}], (0, "from")),
        (
            [
                {"op": "copy", "from": "/metadata/labels/b", "path": "/metadata/labels/c"},
                {"op": "add", "path": "/metadata/labels/b", "value": "x"},
            ],
            (0, "from"),
        ),
        (
            [
                {"op": "add", "path": "/metadata/labels/b", "value": "x"},
                {"op": "copy", "from": "/metadata/labels/b", "path": "/metadata/labels/c"},
            ],
            None,
        ),
        (
            [{"op": "copy", "from": "/spec/template/spec/containers/0", "path": "/spec/template/spec/containers/-"}],
            None,
        ),
        ([{"op": "copy", "from": "/metadata/labels/a~1b", "path": "/metadata/labels/c"}], None),
    ],
)
def test_a_json_patch_copies_only_existing_values(mesh: Mesh, operations: list[Object], place: DataPath | None) -> None:
    manifest = pods_of("Deployment", [container("first")])
    manifest["metadata"]["labels"] = {"a/b": "x"}
    text = json.dumps(operations)
    entry = {"target": {"kind": "Deployment"}, "path": "p.yaml"}
    mesh.write({"base/kustomization.yaml": to_yaml({"patches": [entry]}), "base/p.yaml": text})

    ((document,), _) = read_documents(text, "base/p.yaml")
    expected = [("K018", document.span(place))] if place else []
    problems = mesh.problems(manifest) if place else [*mesh.applied(Rendered("dev", ObjectSet.of([manifest])))[1]]
    assert [(diagnostic.rule.code, diagnostic.span) for diagnostic in problems] == expected


def test_a_selector_sees_the_labels_that_an_earlier_entry_sets(mesh: Mesh) -> None:
    manifest = pods_of("Deployment", [container(name) for name in STEPS])
    change = pods_of("Deployment", [{"name": "second", "command": ["x"]}])
    entry = {"target": {"labelSelector": "tier=gold"}, "patch": to_yaml(change)}
    mesh.write(
        {
            "base/kustomization.yaml": "labels: [{pairs: {tier: gold}}]\n",
            "overlays/dev/kustomization.yaml": OVERLAY + to_yaml({"patches": [entry]}),
        }
    )

    (result,) = mesh.apply(manifest).objects

    assert names(pod(result)["containers"]) == list(STEPS)
    assert pod(result)["containers"][1]["command"] == ["x"]


def test_a_value_has_the_type_that_the_patch_gives_it(mesh: Mesh) -> None:
    cases = [("50%", 1), ("1", 1), (1, "25%"), (1, "1"), (1, 2), ("true", True), ("x", "on")]
    manifests, changes = [], []
    for number, (before, patch) in enumerate(cases):
        manifest = deployment(f"web-{number}")
        manifest["spec"]["strategy"] = {"rollingUpdate": {"maxUnavailable": before}}
        manifests.append(manifest)
        change = {key: manifest[key] for key in ("apiVersion", "kind", "metadata")}
        changes.append(change | {"spec": {"strategy": {"rollingUpdate": {"maxUnavailable": patch}}}})
    mesh.write(patches(*changes))

    results = mesh.apply(*manifests).objects

    for result, (before, patch) in zip(results, cases, strict=True):
        value = result["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"]
        assert (type(value), value) == (type(patch), patch), before


def test_a_port_without_a_protocol_uses_tcp(mesh: Mesh) -> None:
    ports = [{"containerPort": 80, "protocol": "TCP"}, {"containerPort": 81}, {"containerPort": 81, "protocol": "UDP"}]
    manifest = pods_of("Deployment", [container("main", ports=ports)])
    named = [{"containerPort": 81, "protocol": "TCP", "name": "b"}, {"containerPort": 80, "name": "a"}]
    mesh.write(patches(pods_of("Deployment", [{"name": "main", "ports": named}])))

    (result,) = mesh.apply(manifest).objects

    assert pod(result)["containers"][0]["ports"] == [
        {"containerPort": 80, "protocol": "TCP", "name": "a"},
        {"containerPort": 81, "protocol": "TCP", "name": "b"},
        {"containerPort": 81, "protocol": "UDP"},
    ]


def test_fields_that_kustomize_ignores_are_refused(mesh: Mesh) -> None:
    manifest = pods_of("Deployment", [container("main", args=["a"])])
    mesh.write(patches(pods_of("Deployment", [{"name": "main", "$patch": "replace", "image": "other"}])))

    expected = (
        "K024 base/p0.yaml:9:7: kustomize does not apply the patch as written:"
        " spec.template.spec.containers[0].args differs (write a JSON patch (a list of op, path, value) with a target)"
    )
    assert mesh.messages(manifest) == [expected]


def test_images_labels_and_replicas_may_change_what_a_patch_sets(mesh: Mesh) -> None:
    manifest = deployment("web")
    change = {key: manifest[key] for key in ("apiVersion", "kind", "metadata")}
    mesh.write(
        patches(
            change | {"spec": {"replicas": 2}},
            labels=[{"pairs": {"a": "b"}, "includeTemplates": True}],
            images=[{"name": "ghcr.io/acme/web", "newTag": "2"}],
            replicas=[{"name": "web", "count": 3}],
        )
    )

    (result,) = mesh.apply(manifest).objects

    assert (result["spec"]["replicas"], result["metadata"]["labels"]) == (3, {"a": "b"})
    assert pod(result)["containers"][0]["image"] == "ghcr.io/acme/web:2"


def test_sets_of_texts_keep_their_order(mesh: Mesh) -> None:
    manifest = deployment("web", finalizers=["a/a", "a/b", "a/c"])
    change = {key: manifest[key] for key in ("apiVersion", "kind")}
    metadata = {"name": "web", "namespace": "sales", "finalizers": ["a/d", "a/b"]}
    mesh.write(patches({**change, "metadata": metadata}))

    (result,) = mesh.apply(manifest).objects

    assert result["metadata"]["finalizers"] == ["a/a", "a/b", "a/c", "a/d"]


def test_ports_of_services_keep_their_order(mesh: Mesh) -> None:
    service = {**deployment("web"), "apiVersion": "v1", "kind": "Service"}
    ports = [{"name": "a", "port": 80}, {"name": "b", "port": 81, "protocol": "TCP"}]
    added = [{"name": "c", "port": 82}, {"port": 81, "targetPort": "b"}]
    mesh.write(patches({**service, "spec": {"ports": added}}))

    (result,) = mesh.apply({**service, "spec": {"ports": ports}}).objects

    assert result["spec"]["ports"] == [ports[0], {**ports[1], "targetPort": "b"}, added[0]]
