"""Paths to several values at once, such as `spec.rules[*].backendRefs[*]`.

A path has keys between dots; `[*]` are all items of a list, `*` all keys of a mapping, and `**` any keys or items, or
none.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from floe_compiler.model.document import DataPath


def found_at(data: Any, path: str) -> Iterator[tuple[DataPath, Any]]:
    """Yield the values that a path leads to, each with its own path."""
    yield from _matches(data, _steps(path), ())


@cache
def _steps(path: str) -> tuple[str, ...]:
    return tuple(path.replace("[*]", ".[*]").split("."))


def _matches(data: Any, steps: tuple[str, ...], path: DataPath) -> Iterator[tuple[DataPath, Any]]:
    if not steps:
        yield path, data
        return
    step, rest = steps[0], steps[1:]
    if step == "**":
        yield from _matches(data, rest, path)
    for key, item in _inside(data, step):
        yield from _matches(item, steps if step == "**" else rest, (*path, key))


def _inside(data: Any, step: str) -> Iterator[tuple[str | int, Any]]:
    if isinstance(data, list) and step in ("[*]", "**"):
        yield from enumerate(data)
    elif isinstance(data, dict) and step != "[*]":
        before, star, after = step.partition("*")
        for key, item in data.items():
            if key == step or (star and (step == "**" or (key.startswith(before) and key.endswith(after)))):
                yield key, item
