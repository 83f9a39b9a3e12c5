"""A deletion in a merge patch finds its field in some object, or it is an error."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from floe_compiler.model.objects import Object
from floe_compiler.model.yaml_text import to_yaml
from overlay.overlay_mesh import OVERLAY, Mesh, config_map, deployment
from overlay.test_requests import container, patches, pods_of

IN_BASE = "; if only other environments have it, move the patch to their overlays"
NOTHING = "leave it out"


def told_of_each(mesh: Mesh, pairs: Iterable[tuple[Object, Object]]) -> list[list[str]]:
    """Return the errors of each patch in an overlay, without their places; each object is in its own namespace."""
    manifests, files = [], {}
    for number, pair in enumerate(pairs):
        manifest, change = (
            {**manifest, "metadata": {**manifest["metadata"], "namespace": f"team-{number:02}"}} for manifest in pair
        )
        manifests.append(manifest)
        files[f"p{number:02}.yaml"] = change
    mesh.write({"base/kustomization.yaml": to_yaml({"resources": []})})
    mesh.write({f"overlays/dev/{file}": to_yaml(change) for file, change in files.items()})
    entries = ", ".join(f"{{path: {file}}}" for file in files)
    mesh.write({"overlays/dev/kustomization.yaml": f"{OVERLAY}patches: [{entries}]\n"})
    messages_of: dict[str, list[str]] = {f"overlays/dev/{file}": [] for file in files}
    for problems_ in mesh.problems(*manifests):
        assert problems_.span
        messages_of[problems_.span.file].append(f"{problems_.rule.code} {problems_.message} ({problems_.hint})")
    return [*messages_of.values()]


def pod_patch(**pod: Any) -> Object:
    patch = pods_of("Deployment", [])
    patch["spec"]["template"]["spec"] = pod
    return patch


POD = "spec.template.spec"


def test_deleting_a_missing_field_is_an_error(mesh: Mesh) -> None:
    main = container("main", resources={"limits": {"cpu": "1"}})
    manifest = pods_of("Deployment", [main], nodeSelector={"disk": "ssd"})
    cases: list[tuple[dict[str, Any], str, str]] = [
        ({"hostNetwrok": None}, "hostNetwrok", 'did you mean "hostNetwork"?'),
        ({"hostNetwrok": {"$patch": "delete"}}, "hostNetwrok", 'did you mean "hostNetwork"?'),
        ({"affinity": {"nodeAfinity": None}}, "affinity.nodeAfinity", 'did you mean "nodeAffinity"?'),
        ({"secContext": {"runAsUser": None}}, "secContext", 'did you mean "securityContext"?'),
        ({"nodeSelector": {"dsk": None}}, "nodeSelector.dsk", 'did you mean "disk"?'),
        ({"nodeSelector": {"zone": None}}, "nodeSelector.zone", NOTHING),
        (
            {"containers": [{"name": "main", "livenesProbe": None}]},
            "containers[0].livenesProbe",
            'did you mean "livenessProbe"?',
        ),
        (
            {"containers": [{"name": "main", "resources": {"limits": {"cpus": None}}}]},
            "containers[0].resources.limits.cpus",
            'did you mean "cpu"?',
        ),
        (
            {"containers": [{**container("new"), "livenesProbe": None}]},
            "containers[0].livenesProbe",
            'did you mean "livenessProbe"?',
        ),
    ]

    messages = told_of_each(mesh, [(manifest, pod_patch(**change)) for change, *_ in cases])

    assert messages == [[f"K022 there is no {POD}.{path} to delete ({hint})"] for _, path, hint in cases]


def test_the_error_is_at_the_key_and_covers_those_below_it(mesh: Mesh) -> None:
    mesh.write(patches(pod_patch(secContext={"runAsUser": None, "runAsGroup": None})))

    (problem,) = mesh.problems(pods_of("Deployment", [container("main")]))

    assert problem.span is not None
    text = (mesh.root / "base/p0.yaml").read_text().splitlines()
    assert text[problem.span.line - 1][problem.span.column - 1 :] == "secContext:"
    assert problem.hint == f'did you mean "securityContext"?{IN_BASE}'


def test_missing_keys_of_maps_and_custom_resources_are_errors(mesh: Mesh) -> None:
    cases: list[tuple[Object, Object, str, str]] = [
        (config_map("a", data={"mode": "fast"}), {"data": {"mod": None}}, "data.mod", 'did you mean "mode"?'),
        (config_map("a", data={"mode": "fast"}), {"dat": None}, "dat", 'did you mean "data"?'),
        (
            {**config_map("a"), "apiVersion": "acme.example/v1", "kind": "Widget", "spec": {"size": 1}},
            {"spec": {"sise": None}},
            "spec.sise",
            'did you mean "size"?',
        ),
        (
            {**config_map("a"), "apiVersion": "acme.example/v1", "kind": "Widget", "spec": {"size": 1}},
            {"metadata": {"annotation": None}},
            "metadata.annotation",
            'did you mean "annotations"?',
        ),
        (
            deployment("a", annotations={"acme.example/note": "x"}),
            {"metadata": {"annotations": {"acme.example/nota": None}}},
            "metadata.annotations.acme.example/nota",
            'did you mean "acme.example/note"?',
        ),
        (
            deployment("a", labels={"acme.example/team": "x", "app": "a"}),
            {"metadata": {"labels": {"acme.example/tem": None}}},
            "metadata.labels.acme.example/tem",
            'did you mean "acme.example/team"?',
        ),
    ]
    pairs = [
        (
            manifest,
            {
                "apiVersion": manifest["apiVersion"],
                "kind": manifest["kind"],
                **change,
                "metadata": {"name": "a", **change.get("metadata", {})},
            },
        )
        for manifest, change, *_ in cases
    ]

    assert told_of_each(mesh, pairs) == [[f"K022 there is no {path} to delete ({hint})"] for *_, path, hint in cases]


@pytest.mark.parametrize(
    "change",
    [
        {"hostNetwork": None},
        {"affinity": {"nodeAffinity": None, "podAffinity": {"$patch": "delete"}}},
        {"unknown": None},  # an object that has it may lose it
        {"nodeSelector": {"disk": None, "zone": "a"}},
        {"nodeSelector": {"$patch": "replace", "zone": "a"}},
        {"tolerations": [{"key": "a", "effect": None}]},  # of a list that is replaced
        {"containers": [{"name": "main", "livenessProbe": None, "resources": {"limits": {"memory": None}}}]},
    ],
)
def test_deleting_a_known_or_existing_field_is_accepted(mesh: Mesh, change: dict[str, Any]) -> None:
    manifest = pods_of("Deployment", [container("main")], nodeSelector={"disk": "ssd"}, unknown=1)
    mesh.write(patches(pod_patch(**change)))

    mesh.apply(manifest)


def test_metadata_of_custom_resources_are_known(mesh: Mesh) -> None:
    widget = {**config_map("a"), "apiVersion": "acme.example/v1", "kind": "Widget", "spec": {"size": 1}}
    metadata = {"name": "a", "namespace": "sales", "creationTimestamp": None}
    mesh.write(patches({**widget, "metadata": metadata}))

    mesh.apply(widget)


def test_one_object_that_has_the_key_is_enough(mesh: Mesh) -> None:
    change = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "any"}, "data": {"note": None}}
    entry = {"target": {"kind": "ConfigMap"}, "patch": to_yaml(change)}
    mesh.write({"base/kustomization.yaml": to_yaml({"patches": [entry]})})

    mesh.apply(config_map("a"), config_map("b", namespace="ops", data={"note": "x"}))
    (problem,) = mesh.problems(config_map("a"), config_map("c", namespace="ops"))

    assert problem.message == "there is no data.note to delete"


def test_what_an_earlier_patch_sets_may_be_deleted(mesh: Mesh) -> None:
    map_ = config_map("a")
    mesh.write(patches({**map_, "data": {"mode": "x", "other": "y"}}, {**map_, "data": {"mode": None}}))

    (result,) = mesh.apply(config_map("a")).objects

    assert result["data"] == {"other": "y"}


def test_a_replaced_object_is_not_checked(mesh: Mesh) -> None:
    map_ = config_map("a", data={"mode": "x"})
    mesh.write(patches({**map_, "$patch": "replace", "data": {"new": "y"}}, {**config_map("a"), "data": {"new": None}}))

    mesh.apply(map_)
