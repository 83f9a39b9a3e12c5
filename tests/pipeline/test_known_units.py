"""A unit that is rendered as it was is not checked again."""

from __future__ import annotations

from collections.abc import Hashable, Iterator

import pytest
from msgspec.structs import replace

from floe_compiler.model.object_memory import remembering
from floe_compiler.model.objects import Object, ObjectSet
from floe_compiler.model.rendered import Rendered
from floe_compiler.model.span import Span
from floe_compiler.overlay import Applied
from floe_compiler.pipeline.known_units import KnownUnits

CONFIG: Object = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "a", "namespace": "x"},
    "data": {"n": 1},
}


def unit(manifest: Object = CONFIG, *, namespace: str = "x", **facts: object) -> Applied:
    rendered = Rendered("dev", ObjectSet.of([manifest]), namespace, unpatched=ObjectSet.of([CONFIG]))
    return Applied(replace(rendered, **facts), (), frozenset({"hit"}))


class Made:
    """Counts the units that are built."""

    def __init__(self, most: int = 64) -> None:
        self.known = KnownUnits[int](most)
        self.times = 0

    def of(self, applied: Applied, beside: Hashable = ()) -> int:
        return self.known.result(applied, beside, self._make)

    def _make(self) -> int:
        self.times += 1
        return self.times


@pytest.fixture
def units() -> Iterator[Made]:
    with remembering():
        yield Made()


def test_an_equal_unit_with_the_same_objects_is_built_once(units: Made) -> None:
    assert [units.of(unit()), units.of(unit())] == [1, 1]


@pytest.mark.parametrize(
    "applied",
    [
        unit({**CONFIG, "data": {"n": True}}),
        unit({**CONFIG}),
        unit(unpatched=ObjectSet.of([{**CONFIG, "data": {"n": True}}])),
        unit(unpatched=None),
        unit(objects=ObjectSet()),
        unit(origins={"ConfigMap x/a": Span("a.yaml", 1, 1)}),
        unit(production=True),
        replace(unit(), hits=frozenset()),
    ],
)
def test_any_difference_builds_the_unit_again(units: Made, applied: Applied) -> None:
    assert [units.of(unit()), units.of(applied), units.of(applied), units.of(unit())] == [1, 2, 2, 3]


def test_units_differ_by_their_further_arguments(units: Made) -> None:
    assert [units.of(unit(), "a"), units.of(unit(), "b"), units.of(unit(), "b")] == [1, 2, 2]


def test_the_most_recent_units_are_remembered() -> None:
    units = Made(most=2)
    with remembering():
        assert [units.of(unit(namespace=name)) for name in "xyxzxy"] == [1, 2, 1, 3, 1, 4]


def test_without_a_memory_each_unit_is_built() -> None:
    units = Made()
    assert [units.of(unit()), units.of(unit())] == [1, 2]
