"""The objects of a unit with only their valid parts, and the violations that were removed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from floe_compiler.check.objects.schemas import Schemas
from floe_compiler.check.objects.violations import Violation, nulls, without
from floe_compiler.model.document import DataPath
from floe_compiler.model.objects import Object, ObjectId, ObjectSet


@dataclass(frozen=True, slots=True, eq=False)
class Shapes:
    """The objects, valid by their schemas, and the violations that were removed from them.

    Everything in these objects has the type that the schema gives it, and nothing in them is null.
    """

    objects: ObjectSet
    violations: Mapping[ObjectId, tuple[Violation, ...]]
    nulls: Mapping[ObjectId, tuple[DataPath, ...]]
    unknown: frozenset[ObjectId]
    """Objects of kinds without a schema."""


def shape(objects: ObjectSet, schemas: Schemas) -> Shapes:
    """Return the shapes of objects under the schemas of an environment."""
    clean: dict[ObjectId, Object] = {}
    found: dict[ObjectId, tuple[Violation, ...]] = {}
    empty: dict[ObjectId, tuple[DataPath, ...]] = {}
    for identity, manifest in objects.by_id.items():
        violations = schemas.violations(manifest)
        if violations:
            found[identity] = violations
        if schemas.has_nulls(manifest):
            empty[identity] = tuple(nulls(manifest))
        broken = identity in found or identity in empty
        clean[identity] = _well_formed(manifest, violations, schemas) if broken else manifest
    unknown = frozenset(
        identity
        for identity, manifest in clean.items()
        if not schemas.knows(str(manifest.get("apiVersion", "")), identity.kind)
    )
    return Shapes(ObjectSet(clean), found, empty, unknown)


def _well_formed(manifest: Object, violations: Iterable[Violation], schemas: Schemas) -> Object:
    # Repeated, as the violations of an object that is not plain data show only after it has been made so.
    for _ in range(3):
        dropped = frozenset(violation.drop for violation in violations if violation.drop is not None)
        manifest = without(manifest, dropped)
        violations = schemas.violations(manifest)
        if all(violation.drop is None for violation in violations):
            break
    return manifest
