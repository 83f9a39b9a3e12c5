"""Values of Kubernetes' own kinds that fit their schema, but that the API server refuses all the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from floe_compiler.check.index import Index
from floe_compiler.check.objects.data_paths import show_place
from floe_compiler.check.objects.kubernetes.constraints import Breach, Constraint, one_of
from floe_compiler.check.objects.kubernetes.enumerations import enumerations
from floe_compiler.check.objects.kubernetes.life_cycles import parse_version
from floe_compiler.check.objects.kubernetes.types import CONSTRAINTS
from floe_compiler.check.objects.positions import PositionFinder, referred_type
from floe_compiler.model.diagnostics import Diagnostic, Rule
from floe_compiler.model.document import DataPath
from floe_compiler.model.kubernetes_schemas import KubernetesSchemas
from floe_compiler.model.objects import Object

REFUSED = Rule(
    "C167",
    "value that the API server refuses",
    "The value has the right type, but Kubernetes' own validation refuses it: a number out of range, a word that is "
    "not one of the allowed ones, two fields that exclude each other, or one that needs another. Correct it.",
)
RULES = (REFUSED,)


def check(index: Index) -> Iterator[Diagnostic]:
    """Yield the values that Kubernetes' own validation refuses."""
    if parse_version(index.rendered.kubernetes_version) > parse_version(enumerations().version):
        return  # later versions may allow more
    for identity, manifest in index.objects.items():
        complete = identity not in index.shapes.violations and identity not in index.shapes.nulls
        for path, breach in _breaches(index.kubernetes, manifest):
            if complete or not breach.lacks:  # what is missing may be what is misspelt
                place = show_place((*path, *breach.path), manifest)
                yield index.finding(REFUSED, identity, f"{place} {breach.message}", breach.hint)


def _breaches(schemas: KubernetesSchemas, manifest: Object) -> Iterator[tuple[DataPath, Breach]]:
    key = (str(manifest.get("apiVersion", "")), str(manifest.get("kind", "")))
    if key not in schemas.kinds:
        return
    found: list[tuple[DataPath, Any, str]] = [((), manifest, schemas.kinds[key])]
    found += [(path, value, referred_type(schema)) for path, value, schema in _finder(schemas).of(*key).find(manifest)]
    for path, value, name in found:
        if isinstance(value, dict):
            for constraint in _constraints().get(name, ()):
                for breach in constraint(value):
                    yield path, breach


@cache
def _constraints() -> Mapping[str, tuple[Constraint, ...]]:
    """Return the constraints of each type, with those of the enumerations."""
    found = dict(CONSTRAINTS)
    for name, fields in enumerations().types.items():
        words = tuple(one_of(values, field) for field, values in fields.items())
        found[name] = (*found.get(name, ()), *words)
    return found


@cache
def _finder(schemas: KubernetesSchemas) -> PositionFinder:
    return PositionFinder(schemas, lambda schema: referred_type(schema) in _constraints())
