"""Units as they were rendered last, for a program that compiles again and again: many are rendered as they were.

What a unit depends on is more than what comes out of it: a setting of an environment changes the key of each of its
units, and the objects of few.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from operator import is_
from typing import Generic, TypeVar

from msgspec.structs import replace

from floe_compiler.model.object_memory import is_remembering
from floe_compiler.model.objects import ObjectSet
from floe_compiler.overlay import Applied

MOST = 64
"""The most units that are remembered, the last used ones: about 30 MB."""

Result = TypeVar("Result")


class KnownUnits(Generic[Result]):
    """What became of units, by their keys; only while objects are remembered, as equal ones are one object then."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._known: OrderedDict[Hashable, tuple[Applied, Hashable, Result]] = OrderedDict()

    def result(self, unit: Applied, beside: Hashable, make: Callable[[], Result]) -> Result:
        """Return what `make` has made of a unit, which follows from the unit and from what is `beside` it alone."""
        if not is_remembering():
            return make()
        key = unit.rendered.key
        remembered = self._known.get(key)
        if remembered is None or remembered[1] != beside or not _is_same(remembered[0], unit):
            remembered = self._known[key] = unit, beside, make()
        self._known.move_to_end(key)
        if len(self._known) > self._most:
            self._known.popitem(last=False)
        return remembered[2]


def _is_same(unit: Applied, other: Applied) -> bool:
    """Return whether two units are equal, with the very same objects: to Python, 1 is equal to True."""
    first, second = (replace(applied.rendered, objects=ObjectSet(), unpatched=None) for applied in (unit, other))
    return (
        _are_same(unit.rendered.objects, other.rendered.objects)
        and _are_same(unit.rendered.unpatched, other.rendered.unpatched)
        and (first, unit.findings, unit.hits) == (second, other.findings, other.hits)
    )


def _are_same(objects: ObjectSet | None, others: ObjectSet | None) -> bool:
    if objects is None or others is None:
        return objects is others
    mine, theirs = objects.by_id, others.by_id
    return [*mine] == [*theirs] and all(map(is_, mine.values(), theirs.values()))
