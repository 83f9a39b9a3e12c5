"""Quantities must have the form that Kubernetes prints."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Any

from floe_compiler.check.index import Index
from floe_compiler.check.objects.positions import PositionFinder
from floe_compiler.model.data_paths import show_place
from floe_compiler.model.diagnostics import Diagnostic, Rule
from floe_compiler.model.kubernetes_schemas import KubernetesSchemas
from floe_compiler.model.objects import ObjectId
from floe_compiler.model.quantities import parse_quantity

INVALID = Rule(
    "C160",
    "invalid quantity",
    "Kubernetes cannot parse this amount of CPU, memory or storage. Write a number and a suffix, "
    "such as 500m, 2 or 512Mi.",
)
NOT_CANONICAL = Rule(
    "C161",
    "non-canonical quantity",
    "The API server rewrites quantities (1000m to 1), so delivery tools would report a difference forever. "
    "Write the form that it prints.",
)
RULES = (INVALID, NOT_CANONICAL)

_QUANTITY = "io.k8s.apimachinery.pkg.api.resource.Quantity"


def check(index: Index) -> Iterator[Diagnostic]:
    """Yield the quantities that Kubernetes refuses or rewrites; schemas mark where quantities are."""
    finder = _finder(index.kubernetes)
    for identity, manifest in index.objects.items():
        positions = finder.of(str(manifest.get("apiVersion", "")), identity.kind)
        for path, value, _ in positions.find(manifest):
            yield from _quantity(index, identity, show_place(path, manifest), value)


def _quantity(index: Index, identity: ObjectId, place: str, value: Any) -> Iterator[Diagnostic]:
    try:
        canonical = _canonical(str(value))
    except ValueError as error:
        yield index.finding(INVALID, identity, f"{place}: {error}")
        return
    if value != canonical:
        yield index.finding(NOT_CANONICAL, identity, f"{place} is {value!r}", f'write "{canonical}"')


@lru_cache(maxsize=4096)
def _canonical(text: str) -> str:
    return str(parse_quantity(text))


@cache
def _finder(schemas: KubernetesSchemas) -> PositionFinder:
    return PositionFinder(schemas, lambda schema: str(schema.get("$ref", "")).endswith(_QUANTITY))
