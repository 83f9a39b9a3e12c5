"""Kubernetes' merge keys for kustomize: the part of the OpenAPI document that merge patches need.

kustomize has a built-in OpenAPI document for one version of Kubernetes, and takes 0.15 s to read it in every run,
unless it gets another one. So each run gets a document with only the patched kinds, in the cluster's version.
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
"""The keywords that determine how kustomize merges (kyaml/openapi/openapi.go)."""


def merge_schema(version: str, kinds: Iterable[tuple[str, str]]) -> str:
    """Return an OpenAPI document that says how objects are merged, as JSON.

    Args:
        version: The version of Kubernetes; if it has no document, the newest known version is used.
        kinds: The `apiVersion` and `kind` of the objects. Kinds that Kubernetes does not define are left out.
    """
    schemas = schemas_of(version)
    return _document(schemas, tuple(sorted(schemas.kinds[kind] for kind in {*kinds} & schemas.kinds.keys())))


def schemas_of(version: str) -> KubernetesSchemas:
    """Return the schemas of a Kubernetes version; if it has none, those of the newest known version."""
    schemas = kubernetes_schemas(version) or kubernetes_schemas(known_versions()[-1])
    if schemas is None:
        raise FileNotFoundError("the data files of kubernetes-validate")
    return schemas


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
    """Return the merge keywords of a schema; the names of definitions that it refers to are added to `referred`."""
    merging = {key: schema[key] for key in _KEPT if key in schema}
    if isinstance(schema.get("type"), list):  # a type or null
        merging["type"] = next(name for name in schema["type"] if name != "null")
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        referred.append(name)
        merging["$ref"] = f"#/definitions/{name}"
    if "properties" in schema:
        merging["properties"] = {key: _merging(value, referred) for key, value in schema["properties"].items()}
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            merging[key] = _merging(schema[key], referred)
    return merging
