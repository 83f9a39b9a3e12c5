"""Kubernetes quantities (`500m`, `3Gi`) as exact numbers, and back to the text that Kubernetes prints.

The rules are those of k8s.io/apimachinery, `pkg/api/resource/quantity.go`, but stricter: negative quantities are
refused, and so are those that Kubernetes would round (finer than 10^-9) or cap (2^63 and more).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from typing import Literal

Notation = Literal["decimal", "exponent", "binary"]

_QUANTITY = re.compile(r"([0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:([A-Za-z]*)|[eE]([-+]?[0-9]{1,2}))")
_DECIMAL = {"n": -3, "u": -2, "m": -1, "": 0, "k": 1, "M": 2, "G": 3, "T": 4, "P": 5, "E": 6}
_BINARY = {"": 0, "Ki": 1, "Mi": 2, "Gi": 3, "Ti": 4, "Pi": 5, "Ei": 6}
_EXPONENTS = {f"e{3 * power}" if power else "": power for power in _DECIMAL.values()}
_EXAMPLES = "a number and a suffix, such as 500m, 2, 512Mi or 10Gi"
_FINEST = 10**9
_MOST = 2**63


@dataclass(frozen=True, order=True, slots=True)
class Quantity:
    """An amount in base units (cores, bytes, counts).

    `notation` is how it was written. It determines the text, but equality ignores it: 1Gi equals 1073741824.
    """

    amount: Fraction
    notation: Notation = field(default="decimal", compare=False)

    def __str__(self) -> str:
        """Return the canonical text: the shortest without a fraction."""
        return _canonical(self.amount, self.notation)

    def __add__(self, other: Quantity) -> Quantity:
        """Return the sum, in the notation of the first one that is not zero."""
        if not self.amount:
            return other
        return Quantity(self.amount + other.amount, self.notation) if other.amount else self

    def __mul__(self, times: int) -> Quantity:
        return Quantity(self.amount * times, self.notation)


def added(quantities: Iterable[Quantity]) -> Quantity:
    """Return the sum, in the notation of the first one that is not zero. Adding one by one would take far longer."""
    some = [quantity for quantity in quantities if quantity.amount]
    if len(some) < 2:
        return some[0] if some else ZERO
    unit = math.lcm(*(quantity.amount.denominator for quantity in some))
    total = sum(quantity.amount.numerator * (unit // quantity.amount.denominator) for quantity in some)
    return Quantity(Fraction(total, unit), some[0].notation)


FEWEST_BYTES = 1024 * 1024
"""Less memory or storage than this is a missing suffix."""

ZERO = Quantity(Fraction(0))
"""No amount."""


@lru_cache(maxsize=4096)  # a mesh has a few hundred different ones, each very often
def parse_quantity(text: str) -> Quantity:
    """Parse a quantity; raise ValueError if the text is not one."""
    match = _QUANTITY.fullmatch(text)
    if not match:
        near = re.sub(r"\s+|cores?$", "", text.replace(",", "."))
        hint = f'did you mean "{near}"?' if _QUANTITY.fullmatch(near) else f"write {_EXAMPLES}"
        raise ValueError(f'"{text}" is not a quantity; {hint}')
    number, suffix, exponent = match.groups()
    notation, factor = _scale(number, suffix, exponent)
    amount = Fraction(number) * factor
    if amount >= _MOST:
        raise ValueError(f'"{text}" is too large; Kubernetes counts to 2^63 - 1')
    if (amount * _FINEST).denominator != 1:
        raise ValueError(f'"{text}" is too precise; Kubernetes counts in steps of 1n, a billionth')
    return Quantity(amount, notation)


def wrong_bytes(text: str) -> str:
    """Return why an amount of memory or storage cannot be meant, with what to write; empty if it can be.

    Raises ValueError if the text is not a quantity.
    """
    quantity = parse_quantity(text)
    if text.endswith(("m", "u", "n")):
        return f'"{text}" is in fractions of a byte: "{text[-1]}" is a suffix for CPU; {_meant(text, quantity)}'
    if 0 < quantity.amount < FEWEST_BYTES:
        amount = f"{float(quantity.amount):,.15g}"
        return f'"{text}" is {amount} bytes, which is too small; {_meant(text, quantity)}'
    if quantity.amount.denominator != 1:
        return f'"{text}" is not a whole number of bytes; did you mean "{_rounded_up(quantity)}"?'
    return ""


def _meant(text: str, quantity: Quantity) -> str:
    """Return what to write instead of too few bytes, or of fractions of them: each is an amount that is accepted."""
    number = Fraction(re.sub("[A-Za-z].*", "", text))
    for amount in (quantity.amount, number):
        if amount >= FEWEST_BYTES:
            return f'did you mean "{math.ceil(amount / FEWEST_BYTES)}Mi"?'
    sizes = [Quantity(number * 1024**power, "binary") for power in (2, 3, 4) if number * 1024**power >= FEWEST_BYTES]
    either = " or ".join(f'"{_rounded_up(size)}"' for size in sizes[:2])
    return f"did you mean {either}?"


def _rounded_up(quantity: Quantity) -> str:
    """Return the amount of bytes; of a fraction, a larger one with a unit that is precise to a hundredth."""
    if quantity.amount.denominator == 1:
        return str(quantity)
    base, suffixes = (1024, _BINARY) if quantity.notation == "binary" else (1000, _DECIMAL)
    for power in reversed(suffixes.values()):
        units = quantity.amount / Fraction(base) ** power
        if units >= 100 or not power:
            return str(Quantity(math.ceil(units) * Fraction(base) ** power, quantity.notation))
    raise AssertionError("the last unit is a byte")


def _scale(number: str, suffix: str, exponent: str | None) -> tuple[Notation, Fraction]:
    if exponent:
        return "exponent", Fraction(10) ** int(exponent)
    if suffix in _DECIMAL:
        return "decimal", Fraction(1000) ** _DECIMAL[suffix]
    if suffix in _BINARY:
        return "binary", Fraction(1024) ** _BINARY[suffix]
    binary = f"{suffix[0].upper()}i"
    decimal = binary[0].replace("K", "k")
    hint = "known: n, u, m, k, M, G, T, P, E, Ki, Mi, Gi, Ti, Pi, Ei"
    if binary in _BINARY:
        other = "" if suffix.capitalize() == binary else f', or "{number}{decimal}" in powers of 1000'
        hint = f'did you mean "{number}{binary}"{other}?'
    raise ValueError(f'"{number}{suffix}" is not a quantity: "{suffix}" is not a suffix; {hint}')


@lru_cache(maxsize=4096)
def _canonical(amount: Fraction, notation: Notation) -> str:
    if notation == "binary" and amount >= 1024 and amount.denominator == 1:
        return _with_suffix(amount, 1024, _BINARY)
    return _with_suffix(amount, 1000, _EXPONENTS if notation == "exponent" else _DECIMAL)


def _with_suffix(amount: Fraction, base: int, suffixes: dict[str, int]) -> str:
    """Return the amount with the largest suffix that leaves an integer."""
    if not amount:
        return "0"
    for suffix, power in reversed(suffixes.items()):
        scaled = amount / Fraction(base) ** power
        if scaled.denominator == 1:
            return f"{scaled}{suffix}"
    raise AssertionError("an amount is never finer than the smallest suffix")
