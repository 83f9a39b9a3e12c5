"""The merge keys of Kubernetes for kustomize: the part of its OpenAPI document that a merge patch needs.

kustomize has the OpenAPI document of one version of Kubernetes built in, and takes 0.15 s to read it in every run.
Given one, it reads that instead. So each run gets the kinds that it patches, in the cluster's own version.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from floe_compiler.model.kubernetes_schemas import KubernetesSchemas, Schema, known_versions, kubernetes_schemas

_KEPT = (
    "type",
    "x-kubernetes-group-version-kind",
    "x-kubernetes-list-map-keys",
    "x-kubernetes-patch-merge-key",
    "x-kubernetes-patch-strategy",
)
"""What decides how kustomize merges (kyaml/openapi/openapi.go)."""


def merge_schema(version: str, kinds: Iterable[tuple[str, str]]) -> str:
    """Return an OpenAPI document with how objects merge, as JSON.

    Args:
        version: The version of Kubernetes; the newest one known counts if there is no document of it.
        kinds: The `apiVersion` and `kind` of the objects. Those that Kubernetes does not define are left out.
    """
    schemas = kubernetes_schemas(version) or kubernetes_schemas(known_versions()[-1])
    if schemas is None:
        raise FileNotFoundError("the data files of kubernetes-validate")
    return _document(schemas, tuple(sorted(schemas.kinds[kind] for kind in {*kinds} & schemas.kinds.keys())))


@cache
def _document(schemas: KubernetesSchemas, names: tuple[str, ...]) -> str:
    definitions: dict[str, Any] = {}
    waiting = [*names]
    while waiting:
        name = waiting.pop()
        if name not in definitions:
            definitions[name] = _merging(schemas.definition(name), waiting)
    return json.dumps({"definitions": definitions}, sort_keys=True)


def _merging(schema: Schema, referred: list[str]) -> Mapping[str, Any]:
    """Return what a schema says of merging; the names of definitions that it refers to are added to `referred`."""
    found = {key: schema[key] for key in _KEPT if key in schema}
    if isinstance(schema.get("type"), list):  # a type or null
        found["type"] = next(name for name in schema["type"] if name != "null")
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        referred.append(name)
        found["$ref"] = f"#/definitions/{name}"
    if "properties" in schema:
        found["properties"] = {key: _merging(value, referred) for key, value in schema["properties"].items()}
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            found[key] = _merging(schema[key], referred)
    return found
