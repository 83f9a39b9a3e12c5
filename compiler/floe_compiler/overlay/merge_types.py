"""How Kubernetes merges each field of an object: which lists it merges, and by which keys it matches their items."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from floe_compiler.model.kubernetes_schemas import KubernetesSchemas, Schema

# The default is part of the key: `containerPort: 80` and `containerPort: 80, protocol: TCP` are the same port.
_DEFAULTS: Mapping[str, str] = {"protocol": "TCP"}

_QUANTITY = {"$ref": "#/$defs/io.k8s.apimachinery.pkg.api.resource.Quantity"}
_RESOURCES = ("cpu", "memory", "ephemeral-storage", "storage")
"""The resources of Kubernetes itself, of which there may be a quantity (core/v1 types.go, ResourceName)."""


@dataclass(frozen=True, eq=False)  # no slots, as cached properties need a __dict__
class MergeType:
    """The type of a value. It has no schema (None) in a custom resource, whose lists have no merge keys."""

    schemas: KubernetesSchemas
    schema: Schema | None
    name: str = ""
    """The name of the definition, such as `io.k8s.api.core.v1.Container`."""

    @cached_property
    def merges(self) -> bool:
        """Return whether a list is merged; otherwise a patch replaces it."""
        return "merge" in str((self.schema or {}).get("x-kubernetes-patch-strategy", ""))

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """Return the keys of the items of a merged list; none if they are plain values."""
        schema = self.schema or {}
        key = schema.get("x-kubernetes-patch-merge-key")
        return tuple(schema.get("x-kubernetes-list-map-keys", (key,) if key else ()))

    @property
    def has_default_key(self) -> bool:
        """Return whether the items of a list have a key that may be left out."""
        return not _DEFAULTS.keys().isdisjoint(self.keys)

    @cached_property
    def required(self) -> frozenset[str]:
        """Return the names of the fields that a mapping must have; none without a schema."""
        return frozenset((self.schema or {}).get("required", ()))

    @cached_property
    def fields(self) -> frozenset[str]:
        """Return the names of a mapping's fields that Kubernetes knows; none if it takes any key, or has no schema."""
        schema = self.schema or {}
        amounts = schema.get("additionalProperties") == _QUANTITY
        return frozenset(_RESOURCES if amounts else schema.get("properties", ()))

    def knows(self, name: Any) -> bool:
        """Return whether Kubernetes knows a field of this name in the mapping."""
        return name in self.fields

    @cached_property
    def item(self) -> MergeType:
        """Return the type of a list's items."""
        return self._below((self.schema or {}).get("items"))

    def field(self, name: str) -> MergeType:
        """Return the type of a mapping's field."""
        schema = self.schema or {}
        return self._below(schema.get("properties", {}).get(name, schema.get("additionalProperties")))

    def find(self, item: Any, items: Sequence[Any]) -> int | None:
        """Return the position of the item with the same key in a merged list. Only the given keys are compared."""
        if not self.keys:
            return items.index(item) if item in items else None
        present = [key for key in self.keys if isinstance(item, dict) and key in item]
        for position, other in enumerate(items if present else ()):
            if isinstance(other, dict) and _same(present, item, other):
                return position
        return None

    def key(self, item: Any) -> tuple[str, ...]:
        """Return the key of an item of a merged list, or the item itself if it is a plain value."""
        keyed = self.keys and isinstance(item, dict)
        return tuple(str(item.get(key)) for key in self.keys) if keyed else (str(item),)

    def _below(self, schema: Any) -> MergeType:
        if not isinstance(schema, dict):
            return MergeType(self.schemas, None)
        if "$ref" not in schema:
            return MergeType(self.schemas, schema)
        name = schema["$ref"].rpartition("/")[2]
        return MergeType(self.schemas, self.schemas.definition(name), name)


def merge_type(schemas: KubernetesSchemas, manifest: Mapping[str, Any]) -> MergeType:
    """Return the type of an object."""
    name = schemas.kinds.get((str(manifest.get("apiVersion")), str(manifest.get("kind"))))
    return MergeType(schemas, schemas.definition(name), name) if name else MergeType(schemas, None)


def _same(keys: Sequence[str], item: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return all(item[key] == other.get(key, _DEFAULTS.get(key)) for key in keys)
