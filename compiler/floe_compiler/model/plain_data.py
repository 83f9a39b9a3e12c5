"""What may stand in a rendered object: the values that YAML, JSON and every reader of them agree on."""

from __future__ import annotations

import math
import re
from typing import Any

from floe_compiler.model.document import DataPath, show_path

DEEPEST = 100
"""Levels of nesting; the deepest Kubernetes objects (schemas in CustomResourceDefinitions) have about thirty."""

_MOST = 10_000_000
"""Values at one level: only a value that contains itself several times has more."""

_SURROGATE = re.compile("[\ud800-\udfff]")


def check_plain(value: Any, path: DataPath = ()) -> None:
    """Accept dicts with text keys, lists, str, int, float, bool and None, and nothing derived from them.

    Raises TypeError for another type, ValueError for a value no cluster can hold: NaN, infinity, an integer beyond
    64 bits, text that is not Unicode, or nesting deeper than DEEPEST levels (as a value that contains itself has).
    The messages name the place, never the value, which may be secret.
    """
    if not is_plain(value):
        _explain(value, path)


def is_plain(value: Any) -> bool:
    """Tell whether `check_plain` accepts a value; level by level, which is the quickest way in Python."""
    level: list[Any] | None = [value]
    for depth in range(DEEPEST + 1):
        if not level:
            break
        if depth == DEEPEST and any(type(one) in (dict, list) for one in level):
            return False
        level = _below(level)
    return level is not None and len(level) == 0


def _below(level: list[Any]) -> list[Any] | None:
    """Return what lies one level deeper; None if anything here is not plain data."""
    below: list[Any] = []
    for one in level:
        kind = type(one)
        if kind is str:
            if not one.isascii() and _SURROGATE.search(one):
                return None
        elif kind is dict:
            if not all(type(key) is str and (key.isascii() or not _SURROGATE.search(key)) for key in one):
                return None
            below += one.values()
        elif kind is list:
            below += one
        elif not (kind is bool or one is None or _is_number(one)):
            return None
    return below if len(below) <= _MOST else None


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
            raise ValueError(f"{_place(path)} is infinite or not a number, which JSON cannot say")
    else:
        kinds = "dict, list, str, int, float, bool or None"
        raise TypeError(f"{_place(path)} is {type(value).__name__}, not plain data ({kinds})")


def _check_text(text: str, path: DataPath) -> None:
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise ValueError(f"{_place(path)} holds half a surrogate pair, which is no Unicode text") from None


def _check_depth(path: DataPath) -> None:
    if len(path) >= DEEPEST:
        raise ValueError(f"{_place(path[:3])} is nested deeper than {DEEPEST} levels")


def _place(path: DataPath) -> str:
    return show_path(path) or "the value"
