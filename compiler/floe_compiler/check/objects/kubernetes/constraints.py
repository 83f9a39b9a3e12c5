"""The kinds of constraints that Kubernetes' own validation puts on the values of a type, beyond what OpenAPI says."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

import msgspec

from floe_compiler.model.diagnostics import nearest
from floe_compiler.model.document import DataPath
from floe_compiler.model.names import check_label_key, check_label_value

Fields = Mapping[str, Any]
"""A value of the constrained type. It fits its schema."""


class Breach(msgspec.Struct, frozen=True):
    """A broken constraint: the path below the value, and the error there. No message has a value of the object."""

    path: DataPath
    message: str
    hint: str = ""
    lacks: bool = False
    """Whether something is missing, perhaps only because it is misspelt, or of a wrong type."""


Constraint = Callable[[Fields], Iterator[Breach]]


def number(low: int, high: int | None, *fields: str) -> Constraint:
    """Return a constraint on fields that are numbers; without `high`, there is no upper limit."""
    allowed = f"must be {low} to {high}" if high is not None else f"must be {low} or more"

    def check(value: Fields) -> Iterator[Breach]:
        for field in fields:
            if field not in value:
                continue
            for path, item in _each(field, value[field]):
                is_number = isinstance(item, int) and not isinstance(item, bool)
                if is_number and (item < low or (high is not None and item > high)):
                    yield Breach(path, allowed)

    return check


def file_mode(*fields: str) -> Constraint:
    """Return a constraint on file modes: YAML may mean the decimal number 644 where the octal 0644 is meant."""

    def check(value: Fields) -> Iterator[Breach]:
        for field in fields:
            mode = value.get(field, 0)
            if not 0 <= mode <= 0o777:
                digits = str(mode)
                meant = int(digits, 8) if re.fullmatch("[0-7]{3}", digits) else None
                hint = f"the mode {digits} is the number {meant}" if meant is not None else ""
                yield Breach((field,), "must be 0 to 511, which is 0777", hint)

    return check


def one_of(values: tuple[str, ...], field: str) -> Constraint:
    """Return a constraint on a field, or on each item of a list. An empty text counts as not set."""
    return words({field: values})


def words(fields: Mapping[str, tuple[str, ...]]) -> Constraint:
    """Return a constraint on fields that take one of a few values each, as `one_of`."""

    def check(value: Fields) -> Iterator[Breach]:
        for field in filter(fields.__contains__, value):
            values = fields[field]
            for path, item in _each(field, value[field]):
                if isinstance(item, str) and item and item not in values:
                    same = [known for known in values if known.casefold() == item.casefold()]
                    hint = f'did you mean "{same[0]}"?' if same else nearest(item, values)
                    yield Breach(path, f"must be {_or(values)}", hint)

    return check


def at_most_one(*fields: str) -> Constraint:
    """Return the constraint that a value has one of these fields at most; an empty text counts as not set."""
    known = frozenset(fields)

    def check(value: Fields) -> Iterator[Breach]:
        present = [field for field, item in value.items() if field in known and item != ""]
        if len(present) > 1:
            yield Breach((present[1],), f"must not stand beside {present[0]}", "keep one of them")

    return check


def exactly_one(*fields: str) -> Constraint:
    """Return the constraint that a value has exactly one of these fields."""
    several = at_most_one(*fields)

    def check(value: Fields) -> Iterator[Breach]:
        yield from several(value)
        if all(value.get(field, "") == "" for field in fields):
            yield Breach((), f"needs {_or(fields)}", lacks=True)

    return check


def only_with(field: str, *others: tuple[str, tuple[str, ...]], unset: str = "") -> Constraint:
    """Return the constraint that a field is set only where other fields have certain values.

    `unset` is the value of another field that is not set.
    """

    def check(value: Fields) -> Iterator[Breach]:
        if value.get(field) in (None, "", []):
            return
        for other, values in others:
            if (value.get(other) or unset) not in values:
                yield Breach(
                    (field,), f"may only be set if {other} is {_or(values)}", "remove it, or correct the other"
                )

    return check


def needed_with(field: str, other: str, *values: str) -> Constraint:
    """Return the constraint that a field must be set if another has one of these values."""

    def check(value: Fields) -> Iterator[Breach]:
        if value.get(other) in values and value.get(field) in (None, "", []):
            yield Breach((), f"needs {field}, as {other} is {value[other]}", lacks=True)

    return check


def parsed(parse: Callable[[str], object], wanted: str, *fields: str) -> Constraint:
    """Return the constraint that texts can be parsed; an empty one counts as not set."""

    def check(value: Fields) -> Iterator[Breach]:
        for field in fields:
            for path, item in _each(field, value[field]) if field in value else ():
                if isinstance(item, str) and item and not _accepts(parse, item):
                    yield Breach(path, f"must be {wanted}")

    return check


def in_base64(*fields: str) -> Constraint:
    """Return the constraint that all values of mappings are base64, as Go's encoding/json reads bytes: with padding."""

    def check(value: Fields) -> Iterator[Breach]:
        for field in fields:
            for key, item in (value.get(field) or {}).items():
                if isinstance(item, str) and not _accepts(_decoded, item):
                    yield Breach((field, key), "must be base64", "encode it, or write text under data of a ConfigMap")

    return check


def _decoded(text: str) -> bytes:
    return b64decode(re.sub(r"[\r\n]", "", text), validate=True)


def labels(*fields: str) -> Constraint:
    """Return the constraint that mappings have keys and values of labels."""

    def check(value: Fields) -> Iterator[Breach]:
        for field in fields:
            for key, label in (value.get(field) or {}).items():
                if not _accepts(check_label_key, key) or not _accepts(check_label_value, label):
                    yield Breach((field, key), "is not a label: one of its key and its value is invalid")

    return check


def not_empty(field: str) -> Constraint:
    """Return the constraint that a list has an item; the schema says whether the list is required."""

    def check(value: Fields) -> Iterator[Breach]:
        if value.get(field) == []:
            yield Breach((field,), "must have at least one item", lacks=True)

    return check


def percentage(*fields: str) -> Constraint:
    """Return the constraint that a percentage is 100% at most."""

    def check(value: Fields) -> Iterator[Breach]:
        for field in fields:
            amount = value.get(field)
            if isinstance(amount, str) and amount[:-1].isdecimal() and int(amount[:-1]) > 100:
                yield Breach((field,), "must be 100% or less")

    return check


@lru_cache(maxsize=4096)  # the same few ranges are in every namespace's policies
def cidr(text: str) -> IPv4Network | IPv6Network:
    """Parse a range of addresses. Raises ValueError."""
    if not re.fullmatch(r"[^/%]+/[0-9]{1,3}", text):
        raise ValueError(text)
    return ip_network(_without_leading_zeros(text), strict=False)


def address(text: str) -> object:
    """Parse an address. Raises ValueError."""
    return ip_address(_without_leading_zeros(text))


def _without_leading_zeros(text: str) -> str:
    """Return an address of IPv4 without leading zeros, which Kubernetes accepts."""
    return text if ":" in text else re.sub(r"\b0+(?=[0-9])", "", text)


@lru_cache(maxsize=8192)  # the same labels are in every domain's objects
def _accepts(parse: Callable[[Any], object], text: Any) -> bool:
    try:
        parse(text)
    except ValueError:
        return False
    return True


def _each(field: str, value: Any) -> Iterator[tuple[DataPath, Any]]:
    if isinstance(value, list):
        for position, item in enumerate(value):
            yield (field, position), item
    else:
        yield (field,), value


def _or(words: tuple[str, ...]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
