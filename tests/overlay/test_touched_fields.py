"""kustomize's result is the same if it gets only the parts of an object that steps touch."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from floe_compiler.model.objects import Object
from floe_compiler.model.yaml_text import to_yaml
from floe_compiler.overlay import apply
from floe_compiler.overlay.touched_fields import touched_by_item, touched_by_patch
from overlay.overlay_mesh import Mesh, config_map, deployment

IDENTITY = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}


@pytest.mark.parametrize(
    ("patch", "expected"),
    [
        ([{"op": "add", "path": "/spec/replicas", "value": 2}], {"spec.replicas"}),
        ([{"op": "test", "path": "/data/k", "value": "v"}, {"op": "remove", "path": "/spec"}], {"data.k", "spec"}),
        ([{"op": "move", "from": "/data/k", "path": "/binaryData/k"}], {"data.k", "binaryData.k"}),
        ([{"op": "copy", "from": "", "path": "/spec"}], None),
        ([{"op": "copy", "from": "data", "path": "/spec"}], None),
        ([{"op": "test", "path": "", "value": {}}], None),
        ([{"op": "remove", "path": "/a~1b~01/c"}], {"a/b~1.c"}),
        (IDENTITY, {"apiVersion", "kind", "metadata.name"}),
        ({"data": None}, {"data"}),
        ({"data": {"k": None, "l": {}, "m": [{"n": 1}]}}, {"data.k", "data.l", "data.m"}),
        ({"spec": {"a": {"$patch": "replace", "b": 1}, "c": 2}}, {"spec.a", "spec.c"}),
        ({"spec": {"$retainKeys": ["a"], "a": 1}}, {"spec"}),
        ({"data": {"k": 1}, "$patch": "delete"}, None),
        ({"$retainKeys": ["data"], "data": {}}, None),
    ],
)
def test_the_touched_fields_of_a_patch_are_known(patch: Any, expected: set[str] | None) -> None:
    touched = touched_by_patch(patch)
    assert (touched if touched is None else {".".join(path) for path in touched}) == expected


def test_the_touched_fields_of_items_are_known() -> None:
    assert touched_by_item("replicas", {"name": "web", "count": 2}) == frozenset({("spec", "replicas")})
    assert touched_by_item("labels", {"pairs": {"a": "b"}}) == frozenset({("metadata", "labels", "a")})
    assert touched_by_item("labels", {"pairs": {"a": "b"}, "includeTemplates": True}) is None
    assert touched_by_item("images", {"name": "web", "newTag": "2"}) is None


def both_ways(kustomization: dict[str, Any], objects: Sequence[Object]) -> tuple[list[Object], list[Object]]:
    """Return what becomes of objects of which kustomize gets the touched parts, and of whole ones."""
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as monkeypatch:
        mesh = Mesh(Path(folder)).write({"base/kustomization.yaml": to_yaml(kustomization)})
        parts = list(mesh.apply(*objects).objects)
        monkeypatch.setattr(apply, "touched_part", lambda manifest, *_: manifest)
        return parts, list(mesh.apply(*objects).objects)


def web(name: str = "web") -> Object:
    """Return a Deployment with something in every corner."""
    manifest = deployment(name, labels={"tier": "gold", "a/b": "c", "version": "1"}, annotations={"note": "x"})
    containers = manifest["spec"]["template"]["spec"]["containers"]
    containers[0] |= {"env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}], "args": ["a", "b"]}
    containers.append({"name": "side", "image": "ghcr.io/acme/side:1"})
    return {**manifest, "status": {"replicas": 1, "conditions": []}, "extra": {"on": "off", "nested": {"k": [1, 2.5]}}}


OPERATIONS = [
    [{"op": "remove", "path": "/spec/replicas"}],
    [{"op": "remove", "path": "/extra"}],
    [{"op": "test", "path": "/extra/on", "value": "off"}, {"op": "replace", "path": "/spec/replicas", "value": 3}],
    [{"op": "copy", "from": "/extra/nested", "path": "/spec/copied"}],
    [{"op": "move", "from": "/status/replicas", "path": "/metadata/annotations/was"}],
    [{"op": "add", "path": "/metadata/labels/a~1b", "value": "d"}],
    [{"op": "add", "path": "/metadata/labels/new", "value": "c"}],
    [{"op": "add", "path": "/new", "value": {"k": []}}],
    [{"op": "copy", "from": "/metadata/labels", "path": "/extra/labels"}],
    [{"op": "remove", "path": "/metadata/labels/tier"}],
    [{"op": "remove", "path": "/metadata/labels"}],
    [{"op": "replace", "path": "/metadata/labels", "value": {"only": "this"}}],
    [{"op": "move", "from": "/metadata/labels/tier", "path": "/metadata/labels/level"}],
    [{"op": "copy", "from": "/metadata/labels/a~1b", "path": "/metadata/annotations/copied"}],
    [{"op": "test", "path": "/metadata/labels/tier", "value": "gold"}, {"op": "remove", "path": "/extra"}],
    [{"op": "add", "path": "/spec/template/spec/terminationGracePeriodSeconds", "value": 5}],
    [{"op": "add", "path": "/spec/template/spec/containers/1/tty", "value": True}],
    [{"op": "remove", "path": "/extra/nested/k"}],
    [{"op": "copy", "from": "/spec/template/metadata", "path": "/spec/template/spec/copied"}],
]
MERGES: list[dict[str, Any]] = [
    {"spec": {"replicas": None}},
    {"extra": None},
    {"metadata": {"annotations": {"note": None, "other": "y"}}},
    {"metadata": {"labels": {"tier": None}}},
    {"metadata": {"labels": {"tier": "silver", "team": "data"}}},
    {"metadata": {"labels": {"$patch": "replace", "only": "this"}}},
    {"metadata": {"labels": None}},
    {"spec": {"template": {"spec": {"containers": [{"name": "main", "env": [{"name": "B", "value": "3"}]}]}}}},
    {"spec": {"template": {"spec": {"containers": [{"name": "side", "$patch": "delete"}]}}}},
    {"spec": {"template": {"spec": {"containers": [{"name": "main", "args": ["c"]}]}}}},
    {"spec": {"strategy": {"$patch": "replace", "type": "Recreate"}}},
    {"extra": {"$patch": "replace", "only": 1}},
    {"status": {"conditions": [{"type": "Ready", "status": "True"}]}},
    {"spec": {"template": {"spec": {"terminationGracePeriodSeconds": 5, "priorityClassName": "high"}}}},
    {"spec": {"template": {"metadata": {"annotations": {"note": "z"}, "labels": {"tier": "gold"}}}}},
    {"extra": {"nested": {"k": None}}},
    {"extra": {"nested": {"k": None}, "new": {}}},
]


def test_every_kind_of_patch_gives_the_same_with_touched_fields_only() -> None:
    patches = [
        *({"patch": json.dumps(operations), "target": {"name": f"web-{n}"}} for n, operations in enumerate(OPERATIONS)),
        *(merge(f"merged-{number}", changes) for number, changes in enumerate(MERGES)),
    ]
    objects = [web(f"web-{n}") for n in range(len(OPERATIONS))] + [web(f"merged-{n}") for n in range(len(MERGES))]

    parts, full = both_ways({"patches": patches}, objects)

    assert parts == full
    assert not [manifest for manifest in parts if manifest in objects], "each patch changes its object"


def merge(name: str, changes: dict[str, Any]) -> dict[str, Any]:
    identity = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": "sales"}}
    metadata = identity["metadata"] | changes.get("metadata", {})
    return {"patch": to_yaml({**changes, **identity, "metadata": metadata})}


@pytest.mark.parametrize(
    "items",
    [
        # Of the images of templates, kustomize gets whole objects: what touches less has others.
        {"labels": [{"pairs": {"team": "data"}, "includeTemplates": True}]},
        {
            "images": [{"name": "ghcr.io/acme/another", "newTag": "2"}],
            "labels": [{"pairs": {"team": "data"}}],
            "replicas": [{"name": "scaled", "count": 4}],
            "patches": [
                {"target": {"labelSelector": "version=2"}, "patch": json.dumps(OPERATIONS[3])},
                merge("deleted", {"$patch": "delete"}),
            ],
        },
    ],
)
def test_every_kind_of_item_gives_the_same_with_touched_fields_only(items: dict[str, Any]) -> None:
    names = ("web", "scaled", "labelled", "deleted")
    images, (_, _, labelled, _) = deployment("images", image="ghcr.io/acme/another:1"), (made := [*map(web, names)])
    labelled["metadata"]["labels"]["version"] = "2"
    parts, full = both_ways(items, [*made, images, config_map("a", data={"k": "v"})])

    assert parts == full
    assert not [manifest for manifest in (*made, images) if manifest in parts], "each item changes its object"


scalars = st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(["", "on", "0644", "1e3", "a b", "null"])
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=6,
)
contents = st.fixed_dictionaries(
    {"spec": st.fixed_dictionaries({"a": values, "b": values}), "data": st.fixed_dictionaries({"k": scalars})},
    optional={"x": values, "y": values},
)
pointers = st.sampled_from(["/spec/a", "/spec/b", "/data/k"])
operations = st.one_of(
    st.builds(lambda path, value: {"op": "replace", "path": path, "value": value}, pointers, values),
    st.builds(lambda path: {"op": "add", "path": path, "value": {"c": 1}}, st.sampled_from(["/x", "/spec/c"])),
    st.builds(
        lambda source, verb: {"op": verb, "from": source, "path": "/new"}, pointers, st.sampled_from(["copy", "move"])
    ),
    st.builds(lambda path: {"op": "remove", "path": path}, pointers),
)
# What merges with any content: kustomize refuses to merge a list with a mapping.
changes = st.fixed_dictionaries(
    {},
    optional={
        "spec": st.none() | st.dictionaries(st.sampled_from("ab"), st.none()) | st.fixed_dictionaries({"new": values}),
        "data": st.none() | st.fixed_dictionaries({"new": scalars}),
        "y": st.none(),
        "z": values,
    },
)


def left_by(operation: dict[str, Any], content: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of an object that an operation leaves in it."""
    removed_path = operation["path"] if operation["op"] == "remove" else operation.get("from", "")
    if operation["op"] not in ("move", "remove"):
        return content
    _, field, key = removed_path.split("/")
    return content | {field: {name: value for name, value in content[field].items() if name != key}}


def deleting_what_is_there(change: dict[str, Any], content: Any) -> dict[str, Any]:
    """Return a merge patch without the fields that it would delete in vain, which is an error."""
    mapping = content if isinstance(content, dict) else {}
    return {
        key: deleting_what_is_there(value, mapping.get(key)) if isinstance(value, dict) else value
        for key, value in change.items()
        if value is not None or key in mapping
    }


@settings(
    max_examples=settings().max_examples // 25,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(
    st.lists(
        st.tuples(st.sampled_from(["ConfigMap", "Widget"]), contents, operations, changes), min_size=20, max_size=20
    )
)
def test_any_patch_gives_the_same_with_touched_fields_only(
    cases: list[tuple[str, dict[str, Any], dict[str, Any], dict[str, Any]]],
) -> None:
    objects, patches = [], []
    for number, (kind, content, operation, changed) in enumerate(cases):
        version = "v1" if kind == "ConfigMap" else "acme.example/v1"
        identity = {"apiVersion": version, "kind": kind, "metadata": {"name": f"c{number}", "namespace": "sales"}}
        objects.append(identity | content)
        patches.append({"patch": json.dumps([operation]), "target": {"name": f"c{number}"}})
        patches.append({"patch": to_yaml(identity | deleting_what_is_there(changed, left_by(operation, content)))})

    parts, full = both_ways({"patches": patches}, objects)

    assert parts == full
