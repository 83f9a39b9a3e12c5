"""Bounds of a value: numbers, quantities and durations in order, and words of a list."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from floe_compiler.model.durations import parse_duration
from floe_compiler.model.quantities import parse_quantity

Scalar = str | int | float | bool | None
_READERS: tuple[Callable[[str], Any], ...] = (parse_quantity, parse_duration)


class Bounds(msgspec.Struct, frozen=True):
    """The least and the most that a value may be, and the values that are allowed; None: no such bound."""

    least: int | float | str | None = None
    most: int | float | str | None = None
    among: tuple[Scalar, ...] | None = None

    def allows(self, value: Any) -> bool:
        """Return whether a value keeps within the bounds; one of another kind than a bound does not.

        Nothing (`None`) is only allowed if it is named.
        """
        if self.among is not None and not any(_is_below(value, allowed) for allowed in self.among):
            return False
        try:
            return (self.least is None or compared(value, self.least) >= 0) and (
                self.most is None or compared(value, self.most) <= 0
            )
        except ValueError:
            return False

    def __str__(self) -> str:
        """Return the bounds in words: `at least 30`, `one of dagster, airflow`."""
        return " and ".join(self._words())

    @property
    def fix(self) -> str:
        """Return what to do about a value that is not allowed."""
        return "remove it" if self.among == () else f"write {str(self).removeprefix('only ')}"

    def _words(self) -> Iterator[str]:
        if self.least is not None:
            yield f"at least {self.least}"
        if self.most is not None:
            yield f"at most {self.most}"
        if self.among is not None:
            words = ", ".join(map(as_word, self.among))
            yield f"one of {words}" if len(self.among) > 1 else f"only {words}" if words else "nothing"


def as_word(value: Any) -> str:
    """Return a value as one writes it in YAML."""
    return json.dumps(value) if value is None or isinstance(value, bool) else str(value)


def compared(left: Any, right: Any) -> int:
    """Return -1, 0 or 1: whether one amount is less than another, equal, or more.

    Raises:
        ValueError: If they are not amounts, or not of the same kind.
    """
    for read in _READERS if not isinstance(left, bool) and not isinstance(right, bool) else ():
        try:
            first, second = read(str(left)), read(str(right))
        except ValueError:
            continue
        return int(first > second) - int(first < second)
    problem = "is not an amount" if as_word(left) == as_word(right) else f"cannot be compared with {as_word(right)}"
    raise ValueError(f"{as_word(left)} {problem}; write a number, a quantity (500m, 2Gi) or a duration (90s, 1h)")


def _is_below(value: Any, allowed: Scalar) -> bool:
    """Return whether a value is an allowed one, or the path of something below it."""
    if type(value) is not type(allowed):
        return False
    return bool(value == allowed) or (isinstance(value, str) and value.startswith(f"{allowed}/"))
