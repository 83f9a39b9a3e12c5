"""Items with which something fails are found in few attempts."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from floe_compiler.overlay.bisection import sorted_out


@pytest.mark.parametrize(
    ("bad", "suspected", "attempts"),
    [
        (set(), set(), 1),
        (set(), {3}, 1),
        ({9}, set(), 9),
        ({9}, {9}, 3),
        ({9}, {8, 9}, 5),
        ({9}, {2}, 11),
        ({9}, {*range(16)}, 9),
        ({2, 9}, {2, 9}, 5),
    ],
)
def test_suspected_items_are_tried_separately(bad: set[int], suspected: set[int], attempts: int) -> None:
    tried: list[Sequence[int]] = []

    def fails(numbers: Sequence[int]) -> set[int]:
        tried.append(numbers)
        return bad & {*numbers}

    good, bad_ = sorted_out(range(16), fails, 10, suspected.__contains__)
    assert {*good} == {*range(16)} - bad
    assert {item for item, _ in bad_} == bad
    for item, before in bad_:
        assert not bad & {*before}, item
    assert len(tried) == attempts


def test_the_search_stops_after_the_requested_number() -> None:
    _, bad = sorted_out(range(16), bool, 2)
    assert [item for item, _ in bad] == [0, 1]
