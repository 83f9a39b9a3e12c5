"""The values in objects that rules look at by their types: all are found in one walk through each object."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, NamedTuple

from floe_compiler.check.objects.kubernetes.enumerations import enumerations
from floe_compiler.check.objects.kubernetes.gated_fields import gated_fields
from floe_compiler.check.objects.kubernetes.types import CONSTRAINTS
from floe_compiler.check.objects.positions import PositionFinder, referred_type
from floe_compiler.model.document import DataPath
from floe_compiler.model.kubernetes_schemas import KubernetesSchemas, Schema
from floe_compiler.model.objects import Object, ObjectId

QUANTITY = "io.k8s.apimachinery.pkg.api.resource.Quantity"


class Mark(NamedTuple):
    """A position: the name of its type in OpenAPI documents, and the keys of the items of a list."""

    type_: str = ""
    keys: tuple[str, ...] = ()


class MarkedValue(NamedTuple):
    """A value in an object, and its position."""

    about: ObjectId
    path: DataPath
    value: Any
    type_: str
    keys: tuple[str, ...] = ()


def marked_values(schemas: KubernetesSchemas, objects: Iterable[tuple[ObjectId, Object]]) -> Iterator[MarkedValue]:
    """Yield the objects of Kubernetes' own kinds and, in them, quantities, lists with keys, and values of some types.

    These are the types that have constraints, enumerations or fields behind feature gates.
    """
    finder = _finder(schemas)
    for identity, manifest in objects:
        key = (str(manifest.get("apiVersion", "")), identity.kind)
        if key in schemas.kinds:
            yield MarkedValue(identity, (), manifest, schemas.kinds[key])
            for path, value, mark in finder.of(*key).find(manifest):
                yield MarkedValue(identity, path, value, *mark)


@cache
def _finder(schemas: KubernetesSchemas) -> PositionFinder:
    known: frozenset[Any] = frozenset().union(CONSTRAINTS, enumerations().types, gated_fields(), {QUANTITY})

    def mark(schema: Schema) -> Mark | None:
        type_, keys = referred_type(schema), tuple(schema.get("x-kubernetes-list-map-keys", ()))
        return Mark(type_ if type_ in known else "", keys) if type_ in known or keys else None

    return PositionFinder(schemas, mark)
