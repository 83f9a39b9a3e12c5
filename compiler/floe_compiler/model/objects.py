"""Rendered Kubernetes objects: plain data with an identity."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

from floe_compiler.model.scopes import is_namespaced

Object = dict[str, Any]
"""One Kubernetes object as plain data: dicts, lists, str, int, float, bool and None only."""


class ObjectId(NamedTuple):
    """The identity of an object in a cluster: group, kind, namespace and name (not the version)."""

    group: str
    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        place = f"{self.namespace}/" if self.namespace else ""
        group = f".{self.group}" if self.group else ""
        return f"{self.kind}{group} {place}{self.name}"


_SHOWN = re.compile(r"(?P<kind>[A-Z]\w*)(?:\.(?P<group>\S+))? (?:(?P<namespace>[^\s/]+)/)?(?P<name>[^\s/]+)")


def parse_object_id(text: str) -> ObjectId | None:
    """Return the identity that a text shows (`Deployment.apps sales/web`); None if it shows none."""
    match = _SHOWN.fullmatch(text)
    return ObjectId(match["group"] or "", match["kind"], match["namespace"] or "", match["name"]) if match else None


def identify(manifest: Mapping[str, Any], namespace: str = "") -> ObjectId:
    """Return the identity of a manifest; missing parts are empty strings.

    A manifest without a namespace is in `namespace`, unless its kind is cluster-scoped.
    """
    group, separator, _ = str(manifest.get("apiVersion", "")).rpartition("/")
    group = group if separator else ""
    kind, metadata = str(manifest.get("kind", "")), manifest.get("metadata")
    if not isinstance(metadata, dict):
        metadata = {}
    own_namespace = str(metadata.get("namespace", ""))
    if not own_namespace and namespace and is_namespaced(group, kind) is not False:
        own_namespace = namespace
    return ObjectId(group, kind, own_namespace, str(metadata.get("name", "")))


class DuplicateObject(ValueError):
    """Two manifests have the same identity, so a cluster would keep only the last."""

    def __init__(self, identity: ObjectId) -> None:
        self.identity = identity
        super().__init__(f"{identity} appears twice")


class ObjectSet(msgspec.Struct, frozen=True):
    """The objects of one environment, each identity once, in a fixed order (sorted by identity)."""

    by_id: Mapping[ObjectId, Object] = msgspec.field(default_factory=dict)

    @classmethod
    def of(cls, manifests: Iterable[Object]) -> ObjectSet:
        """Return the set of these manifests; raise DuplicateObject if two have the same identity."""
        by_id: dict[ObjectId, Object] = {}
        for manifest in manifests:
            identity = identify(manifest)
            if identity in by_id:
                raise DuplicateObject(identity)
            by_id[identity] = manifest
        return cls(dict(sorted(by_id.items())))

    def __iter__(self) -> Iterator[Object]:
        return iter(self.by_id.values())

    def __len__(self) -> int:
        return len(self.by_id)

    def of_kind(self, *kinds: str) -> Iterator[Object]:
        """Yield the objects of these kinds, in order."""
        return (manifest for identity, manifest in self.by_id.items() if identity.kind in kinds)
