"""kustomize merges lists as with its own OpenAPI document, and newer ones as Kubernetes does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from floe_compiler.model.kubernetes_schemas import known_versions, kubernetes_schemas
from floe_compiler.overlay.kustomize import find_kustomize, run_kustomize
from floe_compiler.overlay.merge_schema import merge_schema

VERSION = "1.34"
VERSIONS = (known_versions()[0], VERSION)
KINDS = (
    ("apps/v1", "Deployment"),
    ("autoscaling/v2", "HorizontalPodAutoscaler"),
    ("batch/v1", "CronJob"),
    ("networking.k8s.io/v1", "NetworkPolicy"),
    ("v1", "Service"),
    ("v1", "ServiceAccount"),
)
NEWER = ("finalizers", "ownerReferences", "ports", "resourceClaims", "schedulingGates")
"""The lists that the Kubernetes of kustomize (1.21) does not know in some of these kinds."""

Path = tuple[str | int, ...]


def lists(
    version: str, name: str, path: Path = (), above: tuple[str, ...] = ()
) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield the path and the schema of each list in a kind."""
    schemas = kubernetes_schemas(version)
    assert schemas
    for key, schema in schemas.definition(name).get("properties", {}).items():
        for step, part in ((key,), schema), ((key, 0), schema.get("items", {})):
            if step == (key,) and "items" in part:
                yield (*path, key), part
            below = part.get("$ref", "").rpartition("/")[2]
            if below and below not in above:
                yield from lists(version, below, (*path, *step), (*above, name))


def keys_of(schema: dict[str, Any]) -> list[str]:
    keys: list[str] = schema.get("x-kubernetes-list-map-keys", [])
    return keys or [schema.get("x-kubernetes-patch-merge-key", "name")]


def item(keys: list[str], number: int, extra: str) -> dict[str, Any]:
    return {**{key: 80 + number if "ort" in key else f"v{number}" for key in keys}, "extra": extra}


def nested(path: Path, value: Any, keys: dict[Path, list[str]]) -> Any:
    """Return a value at a path; the list items above it have the keys by which they are found again."""
    for index in range(len(path) - 1, -1, -1):
        step = path[index]
        value = [{**item(keys[path[:index]], 0, "0"), **value}] if step == 0 else {step: value}
    return value


def cases(version: str, api_version: str, kind: str) -> Iterator[tuple[Path, dict[str, Any], dict[str, Any]]]:
    """Yield the path of each list of a kind, an object with two items in it, and a patch of the second."""
    schemas = kubernetes_schemas(version)
    assert schemas
    lists_ = [
        path_and_key
        for path_and_key in lists(version, schemas.kinds[api_version, kind])
        if path_and_key[0][0] != "status"
    ]
    every = {path: keys_of(schema) for path, schema in lists_}
    for number, (path, schema) in enumerate(lists_):
        head = {"apiVersion": api_version, "kind": kind, "metadata": {"name": f"o{number}"}}
        values: tuple[list[Any], list[Any]] = (["a", "b"], ["c"])
        if "$ref" in schema["items"]:
            values = [item(every[path], 1, "1"), item(every[path], 2, "2")], [item(every[path], 2, "9")]
        before, patch = (nested(path, value, every) for value in values)
        for manifest in (before, patch):
            manifest["metadata"] = head["metadata"] | manifest.get("metadata", {})
        yield path, head | before, head | patch


def built(objects: list[Any], patches: list[Any], schema: str = "") -> list[Any]:
    """Return objects as kustomize builds them, in their order."""
    files = {
        "base/kustomization.yaml": "resources: [o.yaml]\npatches: [{path: p.yaml}]\n",
        "base/o.yaml": yaml.dump_all(objects, Dumper=yaml.CSafeDumper),
        "base/p.yaml": yaml.dump_all(patches, Dumper=yaml.CSafeDumper),
    }
    if schema:
        files["base/schema.json"] = schema
        files["base/kustomization.yaml"] += "openapi: {path: schema.json}\n"
    text, _ = run_kustomize(find_kustomize(), "base", files)
    by_name = {
        (manifest["kind"], manifest["metadata"]["name"]): manifest for manifest in yaml.load_all(text, yaml.CSafeLoader)
    }
    return [by_name.pop((manifest["kind"], manifest["metadata"]["name"])) for manifest in objects]


OLDEST, NEWEST = VERSIONS
SOME, OTHERS, ALIKE = KINDS[:2], KINDS[3:], KINDS[2:3]
"""A CronJob has the pods of a Deployment, which most lists are in."""


@pytest.fixture(
    scope="module",
    params=[
        pytest.param((NEWEST, SOME), id=f"{NEWEST} of some kinds"),
        pytest.param((OLDEST, OTHERS), id=f"{OLDEST} of others"),
        pytest.param((OLDEST, SOME + ALIKE), id=f"{OLDEST} of more kinds", marks=pytest.mark.thorough),
        pytest.param((NEWEST, OTHERS + ALIKE), id=f"{NEWEST} of the rest", marks=pytest.mark.thorough),
    ],
)
def merged(request: pytest.FixtureRequest) -> dict[str, list[tuple[Path, Any, Any]]]:
    """Return for each kind the path of each list, and what is made of it with kustomize's document and with ours."""
    release, chosen = request.param
    cases_ = [(kind, *case) for version, kind in chosen for case in cases(release, version, kind)]
    kinds, paths, objects, patches = map(list, zip(*cases_, strict=True))
    results = built(objects, patches), built(objects, patches, merge_schema(release, chosen))
    by_kind: dict[str, list[tuple[Path, Any, Any]]] = {}
    for kind, *merged_case in zip(kinds, paths, *results, strict=True):
        by_kind.setdefault(kind, []).append(tuple(merged_case))
    return by_kind


def test_lists_merge_as_with_the_document_of_kustomize(merged: dict[str, list[tuple[Path, Any, Any]]]) -> None:
    differing = {
        kind: {path for path, theirs, ours in cases_of_kind if theirs != ours} for kind, cases_of_kind in merged.items()
    }

    assert {kind: {path[-1] for path in paths} - {*NEWER} for kind, paths in differing.items()} == {
        kind: set() for kind in merged
    }
    assert [kind for kind, paths in differing.items() if len(paths) >= len(merged[kind]) / 4] == []


@pytest.mark.parametrize(
    ("field", "key", "other_fields"),
    [("containers", "name", {"image": "i"}), ("schedulingGates", "name", {}), ("resourceClaims", "name", {})],
)
def test_an_item_of_a_list_is_patched_and_the_others_are_kept(
    field: str, key: str, other_fields: dict[str, Any]
) -> None:
    pod: dict[str, Any] = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "o0"}}
    before = pod | {"spec": {field: [{key: "a", **other_fields}, {key: "b", **other_fields}]}}
    patch = pod | {"spec": {field: [{key: "b", "more": "m"}]}}

    (after,) = built([before], [patch], merge_schema(VERSION, [("v1", "Pod")]))

    named = {item[key]: item for item in after["spec"][field]}
    assert named == {"a": {key: "a", **other_fields}, "b": {key: "b", **other_fields, "more": "m"}}


def test_the_schema_has_only_the_given_kinds() -> None:
    policy = merge_schema(VERSION, [("networking.k8s.io/v1", "NetworkPolicy"), ("example.com/v1", "Unknown")])
    assert "io.k8s.api.networking.v1.NetworkPolicy" in policy
    assert "Container" not in policy
    assert len(policy) < 6000


def test_an_unknown_version_counts_as_the_newest() -> None:
    kinds = [("v1", "Pod")]
    assert merge_schema("9.99", kinds) == merge_schema(known_versions()[-1], kinds)
