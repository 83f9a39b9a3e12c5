"""The ConfigMaps and Secrets that pods use."""

from __future__ import annotations

from typing import Any

import pytest

from floe_compiler.model.pod_references import references

MOUNTS = {"containers": [{"name": "web", "volumeMounts": [{"name": "v", "subPath": "a"}, {"name": "v"}]}]}


def volume(**source: Any) -> dict[str, Any]:
    return {"volumes": [{"name": "v", **source}]}


def variable(**source: Any) -> dict[str, Any]:
    return {"initContainers": [{"name": "web", "env": [{"name": "A", "valueFrom": source}]}]}


@pytest.mark.parametrize(
    ("pod", "expected"),
    [
        (volume(secret={"secretName": "s"}), [("Secret", "s", "", "spec.volumes[v]")]),
        (volume(configMap={"name": "c", "items": [{"key": "k"}]}), [("ConfigMap", "c", "k", "spec.volumes[v]")]),
        (
            MOUNTS | volume(configMap={"name": "c"}),
            [("ConfigMap", "c", "a", "spec.volumes[v]"), ("ConfigMap", "c", "", "spec.volumes[v]")],
        ),
        (
            volume(projected={"sources": [{"secret": {"name": "s", "items": [{"key": "k"}]}}]}),
            [("Secret", "s", "k", "spec.volumes[v]")],
        ),
        (
            variable(secretKeyRef={"name": "s", "key": "k"}),
            [("Secret", "s", "k", "spec.initContainers[web].env[A]")],
        ),
        (
            {"containers": [{"name": "web", "envFrom": [{"configMapRef": {"name": "c"}}]}]},
            [("ConfigMap", "c", "", "spec.containers[web].envFrom")],
        ),
        ({"containers": 3, "volumes": [None, {"configMap": "x"}, {"projected": {"sources": {}}}]}, []),
    ],
)
def test_config_maps_and_secrets_of_pods_are_found(
    pod: dict[str, Any], expected: list[tuple[str, str, str, str]]
) -> None:
    assert [
        (reference.kind, reference.name, reference.key, reference.place) for reference in references(pod)
    ] == expected


def test_optional_references_are_marked() -> None:
    (reference,) = references(volume(secret={"secretName": "s", "optional": True}))
    assert reference.optional
