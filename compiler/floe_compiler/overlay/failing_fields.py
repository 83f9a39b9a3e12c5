"""The value of an object at which kustomize fails, found by leaving out the values after it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any

from floe_compiler.model.document import DataPath
from floe_compiler.model.objects import Object
from floe_compiler.overlay.bisection import first_failing

Leaf = tuple[DataPath, Any]

_IDENTITY = frozenset({("apiVersion",), ("kind",), ("metadata", "name"), ("metadata", "namespace")})


def failing_path(part: Object, fails: Callable[[Object], object]) -> DataPath:
    """Return the path of the value with which something fails for an object; empty if it fails for its identity alone.

    A part of the object with the values up to that one fails, and one without it does not. The attempts are few: they
    grow with the logarithm of the number of values.
    """
    leaves = list(_leaves(part))
    identity = [leaf for leaf in leaves if leaf[0] in _IDENTITY]
    others = [leaf for leaf in leaves if leaf[0] not in _IDENTITY]
    if not others or fails(_part_of(identity)):
        return ()
    path, _ = first_failing(others, lambda some: fails(_part_of([*identity, *some])))
    return path


def _leaves(data: Any, path: DataPath = ()) -> Iterator[Leaf]:
    if data and isinstance(data, dict | list):
        for key, value in data.items() if isinstance(data, dict) else enumerate(data):
            yield from _leaves(value, (*path, key))
    else:
        yield path, data


def _part_of(leaves: Sequence[Leaf]) -> Object:
    """Return the object with these values; those of a list come in its order."""
    manifest: Object = {}
    for path, value in leaves:
        below: Any = manifest
        for step, following in pairwise(path):
            below = _entered(below, step, [] if isinstance(following, int) else {})
        _entered(below, path[-1], value)
    return manifest


def _entered(data: Any, step: str | int, value: Any) -> Any:
    """Return what is in a mapping or list at a step, which is `value` if nothing is."""
    if isinstance(data, dict):
        return data.setdefault(step, value)
    if step == len(data):
        data.append(value)
    return data[step]
