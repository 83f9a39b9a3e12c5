"""Which unit an object belongs to: units are what the compiler renders, patches and checks apart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from floe_compiler.model.objects import Object, ObjectId, ObjectSet
from floe_compiler.model.rendered import Rendered
from floe_compiler.model.span import Span


def unit_of(identity: ObjectId) -> str:
    """Return the namespace that an object lies in or, as a Namespace, is; "" for all other cluster-scoped objects."""
    if (identity.group, identity.kind) == ("", "Namespace"):
        return identity.name
    return identity.namespace


def split_units(rendered: Rendered, further: Iterable[str] = ()) -> dict[str, Rendered]:
    """Return the units of an environment by name, those that have objects and `further` ones.

    Each has the origins of its own objects; what is declared stays with the environment (`join_units`).
    """
    objects: dict[str, dict[ObjectId, Object]] = defaultdict(dict)
    for identity, manifest in rendered.objects.by_id.items():
        objects[unit_of(identity)][identity] = manifest
    units = {}
    for name in sorted({*objects, *further}):
        names = map(str, objects[name])
        origins = {one: rendered.origins[one] for one in names if one in rendered.origins}
        units[name] = replace(rendered, objects=ObjectSet(objects[name]), origins=origins)
    return units


def join_units(rendered: Rendered, units: Iterable[Rendered]) -> Rendered:
    """Return the environment that was split, with the objects of its units and what became of them."""
    names = set(map(str, rendered.objects.by_id))
    objects: dict[ObjectId, Object] = {}
    origins = {name: origin for name, origin in rendered.origins.items() if name not in names}
    patched: dict[str, tuple[Span, ...]] = {}
    removed: dict[ObjectId, tuple[Span, ...]] = {}
    for unit in units:
        objects |= unit.objects.by_id
        origins |= unit.origins
        patched |= unit.patched
        removed |= unit.removed
    return replace(
        rendered, objects=ObjectSet(dict(sorted(objects.items()))), origins=origins, patched=patched, removed=removed
    )
