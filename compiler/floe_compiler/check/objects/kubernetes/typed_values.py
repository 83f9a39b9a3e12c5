"""The values in objects whose types have constraints, enumerations or fields behind feature gates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, NamedTuple

from floe_compiler.check.objects.kubernetes.enumerations import enumerations
from floe_compiler.check.objects.kubernetes.gated_fields import gated_fields
from floe_compiler.check.objects.kubernetes.types import CONSTRAINTS
from floe_compiler.check.objects.positions import PositionFinder, referred_type
from floe_compiler.model.document import DataPath
from floe_compiler.model.kubernetes_schemas import KubernetesSchemas
from floe_compiler.model.objects import Object, ObjectId


class TypedValue(NamedTuple):
    """A mapping in an object, and the name of its type in OpenAPI documents."""

    about: ObjectId
    path: DataPath
    value: Object
    type_: str


def typed_values(schemas: KubernetesSchemas, objects: Iterable[tuple[ObjectId, Object]]) -> Iterator[TypedValue]:
    """Yield the values in objects of Kubernetes' own kinds that something is known about, and these objects."""
    finder = _finder(schemas)
    for identity, manifest in objects:
        key = (str(manifest.get("apiVersion", "")), identity.kind)
        if key in schemas.kinds:
            yield TypedValue(identity, (), manifest, schemas.kinds[key])
            for path, value, schema in finder.of(*key).find(manifest):
                if isinstance(value, dict):
                    yield TypedValue(identity, path, value, referred_type(schema))


@cache
def _finder(schemas: KubernetesSchemas) -> PositionFinder:
    known: frozenset[Any] = frozenset().union(CONSTRAINTS, enumerations().types, gated_fields())
    return PositionFinder(schemas, lambda schema: referred_type(schema) in known)
