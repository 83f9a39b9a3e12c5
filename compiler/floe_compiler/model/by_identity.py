"""Functions of large data, such as schemas, that answer only once about the very same data.

To tell by the content whether it is the same would take nearly as long as to answer.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Generic, TypeVar

Data = TypeVar("Data")
Answer = TypeVar("Answer")


class _Same(Generic[Data]):
    """A value that is equal to itself only. What is kept under it keeps it, so no other value gets its number."""

    def __init__(self, value: Data) -> None:
        self.value = value

    def __hash__(self) -> int:
        return id(self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.value is other.value


def by_identity(most: int) -> Callable[[Callable[[Data], Answer]], Callable[[Data], Answer]]:
    """Return the decorator of a pure function of one argument, which keeps its last `most` arguments and answers.

    Nobody may change an argument or an answer in place.
    """

    def decorator(function: Callable[[Data], Answer]) -> Callable[[Data], Answer]:
        @lru_cache(maxsize=most)
        def kept(same: _Same[Data]) -> Answer:
            return function(same.value)

        @wraps(function)
        def answer(argument: Data) -> Answer:
            return kept(_Same(argument))

        return answer

    return decorator
