"""Finds the items of a list with which something fails, in few attempts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

Item = TypeVar("Item")


def sorted_out(
    items: Iterable[Item],
    fail: Callable[[Sequence[Item]], object],
    most: int,
    suspected: Callable[[Item], bool] = lambda _: False,
) -> tuple[list[Item], list[tuple[Item, tuple[Item, ...]]]]:
    """Return the items that go together, and those that fail, each with the good ones before it; `most` at most.

    Halves are tried, so that few failures among many items take few attempts. Fewer still if those that are `suspected`
    are to blame: they come last, and apart from the others.
    """
    good: list[Item] = []
    bad: list[tuple[Item, tuple[Item, ...]]] = []
    waiting = [list(items)]
    while waiting and len(bad) < most:
        some = waiting.pop()
        if not fail([*good, *some]):
            good += some
        elif len(some) == 1:
            bad.append((some[0], tuple(good)))
        elif some:
            others = [item for item in some if not suspected(item)]
            middle = len(some) // 2
            if 0 < len(others) < len(some):
                some, middle = [*others, *filter(suspected, some)], len(others)
            waiting += [some[middle:], some[:middle]]
    return good, bad


def first_failing(items: Sequence[Item], fail: Callable[[Sequence[Item]], object]) -> Item:
    """Return, by bisection, the last item of the shortest failing prefix of the items. All items together fail."""
    good, bad = 0, len(items)
    while bad - good > 1:
        middle = (good + bad) // 2
        good, bad = (good, middle) if fail(items[:middle]) else (middle, bad)
    return items[good]
