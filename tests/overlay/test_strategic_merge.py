"""Expected results of merge patches are those of Kubernetes, and of kustomize except for the order."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from floe_compiler.model.objects import Object
from floe_compiler.overlay.merge_schema import schemas_of
from floe_compiler.overlay.merge_types import merge_type
from floe_compiler.overlay.strategic_merge import merged
from overlay.overlay_mesh import Mesh
from overlay.test_requests import container, patches, pod, pods_of

DEPLOYMENT = merge_type(schemas_of("1.34"), {"apiVersion": "apps/v1", "kind": "Deployment"})
PODS = DEPLOYMENT.field("spec").field("template").field("spec")


@pytest.mark.parametrize(
    ("before", "patch", "expected"),
    [
        ({"a": 1}, {"b": 2}, {"a": 1, "b": 2}),
        ({"a": 1, "b": 2}, {"a": None, "c": None}, {"b": 2}),
        ({"hostname": "a", "subdomain": "b"}, {"$patch": "replace", "hostname": "c"}, {"hostname": "c"}),
        ({"securityContext": {"runAsUser": 1}}, {"securityContext": {"$patch": "delete"}}, {}),
        ({"nodeSelector": {"a": "b"}}, {"nodeSelector": {"c": "d"}}, {"nodeSelector": {"a": "b", "c": "d"}}),
        ({"tolerations": [{"key": "a"}]}, {"tolerations": [{"key": "b"}]}, {"tolerations": [{"key": "b"}]}),
        (
            {"volumes": [{"name": "a"}, {"name": "b"}]},
            {"volumes": [{"name": "c"}, {"name": "b", "emptyDir": {}}, {"name": "a", "$patch": "delete"}]},
            {"volumes": [{"name": "b", "emptyDir": {}}, {"name": "c"}]},
        ),
        (
            {"volumes": [{"name": "a"}]},
            {"volumes": [{"$patch": "replace"}, {"name": "b"}]},
            {"volumes": [{"name": "b"}]},
        ),
    ],
)
def test_a_patch_of_a_pod(before: Any, patch: Any, expected: Any) -> None:
    untouched = repr((before, patch))
    assert merged(before, patch, PODS) == expected
    assert repr((before, patch)) == untouched


def some_container(random: Random, name: str) -> Object:
    """Return a container with some fields."""
    fields: Object = {
        "args": random.sample(["a", "b", "1"], 2),
        "env": [{"name": key, "value": random.choice(["1", "50%", "true"])} for key in random.sample("ABCD", 2)],
        "ports": [
            {"containerPort": port, **random.choice([{}, {"protocol": "TCP"}, {"name": f"p{port}"}])}
            for port in random.sample([80, 81, 82], 2)
        ],
        "resources": {"limits": {"cpu": "1", "memory": "1Gi"}},
        "volumeMounts": [{"name": "v", "mountPath": path} for path in random.sample(["/x", "/y", "/z"], 2)],
    }
    return container(name, **{key: value for key, value in fields.items() if random.random() < 0.6})


def test_kustomize_applies_patches_as_expected(mesh: Mesh) -> None:
    random = Random(1)
    objects, changes = [], []
    for number in range(30):
        chosen = random.sample("abcd", 3)
        metadata = {"name": f"web-{number}", "namespace": "sales"}
        objects.append(
            {**pods_of("Deployment", [some_container(random, name) for name in chosen]), "metadata": metadata}
        )
        first, second = (some_container(random, name) for name in random.sample("abcd", 2))
        first.setdefault("env", []).append({"name": "Z", "value": "$(A)"})
        second["resources"] = {"limits": {"cpu": None}}
        changes += [{**pods_of("Deployment", [container_]), "metadata": metadata} for container_ in (first, second)]
    mesh.write(patches(*changes))

    results = {str(result["metadata"]["name"]): result for result in mesh.apply(*objects).objects}

    for manifest in objects:
        expected: Any = manifest
        for change in changes:
            if change["metadata"] == manifest["metadata"]:
                expected = merged(expected, change, DEPLOYMENT)
        assert pod(results[manifest["metadata"]["name"]]) == pod(expected)
