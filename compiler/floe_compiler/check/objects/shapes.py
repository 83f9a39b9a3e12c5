"""The valid parts of a unit's objects, and the violations that were removed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from floe_compiler.check.objects.schemas import Schemas
from floe_compiler.check.objects.violations import Violation, as_meant, nulls, without
from floe_compiler.model.data_paths import show_place
from floe_compiler.model.document import DataPath
from floe_compiler.model.object_memory import remembered
from floe_compiler.model.objects import Object, ObjectId, ObjectSet


@dataclass(frozen=True, slots=True, eq=False)
class Shapes:
    """The objects, valid by their schemas, and the violations that were removed from them.

    Everything in these objects has the type that its schema requires, and nothing is null. What stands under a misspelt
    key is under the one that is meant: it is not missing, and other rules see it.
    """

    objects: ObjectSet
    violations: Mapping[ObjectId, tuple[Violation, ...]]
    nulls: Mapping[ObjectId, tuple[DataPath, ...]]
    respelt: Mapping[ObjectId, tuple[tuple[str, str], ...]]
    """The paths of misspelt keys, as messages show them, and those that are meant."""
    unknown: frozenset[ObjectId]
    """Objects of kinds without a schema."""


def shape(objects: ObjectSet, schemas: Schemas) -> Shapes:
    """Return the shapes of objects, by the schemas of an environment."""
    clean: dict[ObjectId, Object] = {}
    by_object: dict[ObjectId, tuple[Violation, ...]] = {}
    empty: dict[ObjectId, tuple[DataPath, ...]] = {}
    respelt: dict[ObjectId, tuple[tuple[str, str], ...]] = {}
    for identity, written in objects.by_id.items():
        manifest, violations, has_nulls = _as_meant(written, schemas)
        if violations:
            by_object[identity] = violations
            respelt[identity] = tuple(_meant_paths(manifest, violations))
        if has_nulls:
            empty[identity] = tuple(nulls(manifest))
        broken = identity in by_object or identity in empty
        clean[identity] = _well_formed(manifest, violations, schemas) if broken else manifest
    unknown = frozenset(
        identity
        for identity, manifest in clean.items()
        if not schemas.knows(str(manifest.get("apiVersion", "")), identity.kind)
    )
    return Shapes(ObjectSet(clean), by_object, empty, respelt, unknown)


def with_violations(shapes: Shapes, more: Mapping[ObjectId, tuple[Violation, ...]]) -> Shapes:
    """Return the shapes with further violations of some objects, without those that they have at the same places."""
    violations = dict(shapes.violations)
    for identity, further in more.items():
        present = violations.get(identity, ())
        places = {violation.path for violation in present}
        violations[identity] = (*present, *(violation for violation in further if violation.path not in places))
    return replace(shapes, violations={identity: present for identity, present in violations.items() if present})


@remembered
def _as_meant(manifest: Object, schemas: Schemas) -> tuple[Object, tuple[Violation, ...], bool]:
    """Return the object with misspelt keys and quoted numbers as they are meant, its violations, and if it has a null.

    The violations have these keys and numbers among them. Under such a key, a value of another type is no further
    mistake: something else may be meant.
    """
    misspelt: list[Violation] = []
    violations = schemas.violations(manifest)
    while meant := {
        violation.path: violation for violation in violations if violation.meant or violation.number is not None
    }:
        misspelt += meant.values()
        manifest = as_meant(manifest, meant)
        violations = schemas.violations(manifest)
    respelt_paths = {(*violation.path[:-1], violation.meant) for violation in misspelt if violation.meant}
    others = (violation for violation in violations if violation.path not in respelt_paths)
    return manifest, (*misspelt, *others), schemas.has_nulls(manifest)


def _meant_paths(manifest: Object, violations: Iterable[Violation]) -> Iterator[tuple[str, str]]:
    for violation in violations:
        if violation.meant:
            meant = (*violation.path[:-1], violation.meant)
            yield show_place(violation.path, manifest), show_place(meant, manifest)


def _well_formed(manifest: Object, violations: Iterable[Violation], schemas: Schemas) -> Object:
    # Repeated, as an object can be validated only after everything that is not plain data has been removed.
    for _ in range(3):
        dropped = frozenset(
            violation.drop for violation in violations if violation.drop is not None and violation.number is None
        )
        manifest = without(manifest, dropped)
        violations = schemas.violations(manifest)
        if all(violation.drop is None for violation in violations):
            break
    return manifest
