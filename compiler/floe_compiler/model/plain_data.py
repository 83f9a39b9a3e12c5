"""Plain data: values that mean the same in YAML and JSON, to every reader. Rendered objects contain nothing else."""

from __future__ import annotations

import math
import re
from collections.abc import Collection
from typing import Any

from floe_compiler.model.document import DataPath, show_path

DEEPEST = 100
"""Levels of nesting; the deepest Kubernetes objects (CustomResourceDefinitions with their schemas) have about 30."""

_MOST = 10_000_000
"""The most values at one level: only a value that contains itself several times has more."""

_SURROGATE = re.compile("[\ud800-\udfff]")


def check_plain(value: Any, path: DataPath = ()) -> None:
    """Accept dicts with text keys, lists, str, int, float, bool and None, but no subclasses.

    Raises TypeError for another type, and ValueError for a value that no cluster can store: NaN, infinity, an integer
    of more than 64 bits, text that is not valid Unicode, or more than DEEPEST levels (as in a value that contains
    itself). The messages name the place, never the value, as it may be secret.
    """
    if not is_plain(value):
        _explain(value, path)


def is_plain(value: Any) -> bool:
    """Return whether `check_plain` accepts a value. It goes level by level, which is the fastest way in Python."""
    level: list[Any] | None = [value]
    for depth in range(DEEPEST + 1):
        if not level:
            break
        if depth == DEEPEST and any(type(value) in (dict, list) for value in level):
            return False
        level = _below(level)
    return level is not None and len(level) == 0


def _below(level: list[Any]) -> list[Any] | None:
    """Return the values one level deeper; None if any value at this level is not plain data."""
    below: list[Any] = []
    for value in level:
        kind = type(value)
        if kind is str:
            if not value.isascii() and _SURROGATE.search(value):
                return None
        elif kind is dict:
            if not _are_texts(value):
                return None
            below += value.values()
        elif kind is list:
            below += value
        elif not (kind is bool or value is None or _is_number(value)):
            return None
    return below if len(below) <= _MOST else None


def _are_texts(keys: Collection[Any]) -> bool:
    """Return whether keys are text that is valid Unicode; what is called for each is not Python, which is slower."""
    if list(map(type, keys)).count(str) < len(keys):
        return False
    return all(map(str.isascii, keys)) or not any(map(_SURROGATE.search, keys))


def _is_number(value: Any) -> bool:
    if type(value) is int:
        return -(2**63) <= value < 2**63
    return type(value) is float and math.isfinite(value)


def _explain(value: Any, path: DataPath) -> None:
    """Raise the error for the first part of a value that is not plain data."""
    kind = type(value)
    if kind is str:
        _check_text(value, path)
    elif kind is dict:
        _check_depth(path)
        for key, child in value.items():
            if type(key) is not str:
                raise TypeError(f"{_place(path)} has a key that is {type(key).__name__}, not text")
            _check_text(key, path)
            _explain(child, (*path, key))
    elif kind is list:
        _check_depth(path)
        for index, child in enumerate(value):
            _explain(child, (*path, index))
    elif kind is not bool and value is not None:
        _check_number(value, path)


def _check_number(value: Any, path: DataPath) -> None:
    if type(value) is int:
        if not -(2**63) <= value < 2**63:
            raise ValueError(f"{_place(path)} is an integer of more than 64 bits, which Kubernetes would round")
    elif type(value) is float:
        if not math.isfinite(value):
            raise ValueError(f"{_place(path)} is infinite or not a number, which JSON cannot represent")
    else:
        kinds = "dict, list, str, int, float, bool or None"
        raise TypeError(f"{_place(path)} is {type(value).__name__}, not plain data ({kinds})")


def _check_text(text: str, path: DataPath) -> None:
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise ValueError(f"{_place(path)} is not valid Unicode: it contains half a surrogate pair") from None


def _check_depth(path: DataPath) -> None:
    if len(path) >= DEEPEST:
        raise ValueError(f"{_place(path[:3])} is nested deeper than {DEEPEST} levels")


def _place(path: DataPath) -> str:
    return show_path(path) or "the value"
