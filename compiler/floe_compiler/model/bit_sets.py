"""Sets of small numbers as the bits of an integer, which makes unions and intersections cheap."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

Key = TypeVar("Key")


class Bits(int):
    """A set that can be encoded: MessagePack's own integers have 64 bits, and a namespace may have more pods."""


def to_data(value: object) -> bytes:
    """Return a set of type Bits as bytes (`enc_hook` of msgspec). Raises TypeError for another type."""
    if isinstance(value, Bits):
        return value.to_bytes((value.bit_length() + 7) // 8, "big")
    raise TypeError(f"{type(value).__name__} is not data")


def of_data(kind: type, data: object) -> Bits:
    """Return the set that was encoded (`dec_hook` of msgspec). Raises TypeError for another type."""
    if kind is Bits and isinstance(data, bytes):
        return Bits.from_bytes(data, "big")
    raise TypeError(f"{kind.__name__} cannot be decoded")


def encodable(sets: Mapping[Key, int]) -> dict[Key, Bits]:
    """Return sets that can be encoded."""
    return {key: Bits(numbers) for key, numbers in sets.items()}


def to_bits(numbers: Iterable[int]) -> int:
    """Return the integer with these bits set."""
    bit_set = 0
    for number in numbers:
        bit_set |= 1 << number
    return bit_set


def union(sets: Iterable[int]) -> int:
    """Return the union of these sets."""
    bit_set = 0
    for numbers in sets:
        bit_set |= numbers
    return bit_set


def numbers_in(bit_set: int) -> Iterator[int]:
    """Yield the numbers of the set bits, in ascending order."""
    while bit_set:
        lowest = bit_set & -bit_set
        yield lowest.bit_length() - 1
        bit_set ^= lowest
