"""Sets of small numbers as the bits of an integer, which makes unions and intersections cheap."""

from __future__ import annotations

from collections.abc import Iterable, Iterator


def to_bits(numbers: Iterable[int]) -> int:
    """Return the integer with these bits set."""
    found = 0
    for number in numbers:
        found |= 1 << number
    return found


def union(sets: Iterable[int]) -> int:
    """Return the union of these sets."""
    found = 0
    for numbers in sets:
        found |= numbers
    return found


def numbers_in(bits: int) -> Iterator[int]:
    """Yield the numbers of the set bits, in ascending order."""
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest
