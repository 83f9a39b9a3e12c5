"""What a function of frozen data returned the first time, and what it has read of the data to return that.

A function whose result follows from its arguments alone returns the same for others that are alike where it has read
them: it went the same way. So most components need not declare again what they are when a setting is varied.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, Generic, TypeVar

import msgspec

from floe_compiler.model.mesh_facts import MeshFacts
from floe_compiler.model.plan import Context, Instance
from floe_compiler.model.settings import ClusterSettings, EnvironmentSettings, PlatformSettings, Settings

Result = TypeVar("Result")
Path = tuple[int | str, ...]
"""The number of an argument, and the names of fields in it."""

Reads = dict[Path, Any]
"""The values that were read."""

WATCHED = (Context, Instance, Settings, PlatformSettings, EnvironmentSettings, ClusterSettings, MeshFacts)
"""What consists of fields of which most functions read a few. Everything else is read as a whole."""


class Remembered(Generic[Result]):
    """A pure function that runs again only if other values are where it has read its first arguments."""

    def __init__(self, function: Callable[..., Result]) -> None:
        """Remember nothing yet."""
        self._function = function
        self._reads: Reads | None = None
        self._first: Result | None = None

    def __call__(self, *arguments: Any) -> Result:
        """Return the result, perhaps that of the first call. Raises what the function raises."""
        if self._reads is not None:
            if all(_at(arguments, path) == value for path, value in self._reads.items()):
                return self._first  # type: ignore[return-value]
            return self._function(*arguments)
        reads: Reads = {}
        self._first = self._function(*(watched(value, reads, (number,)) for number, value in enumerate(arguments)))
        self._reads = reads
        return self._first


def watched(value: Any, reads: Reads, path: Path) -> Any:
    """Return a value that is like the given one and notes in `reads` what is read of it."""
    for kind in WATCHED:
        if type(value) is kind:
            fields = (getattr(value, name) for name in kind.__struct_fields__)
            return _watching(kind)(*fields, reads, path)
    return value


def _at(arguments: tuple[Any, ...], path: Path) -> Any:
    number, *fields = path
    value = arguments[int(number)]
    for name in fields:
        value = getattr(value, str(name))
    return value


@cache
def _watching(kind: type[msgspec.Struct]) -> Any:
    """Return a kind of struct that notes what is read of it. A copy with other values notes it, too."""
    fields = kind.__struct_fields__

    class Watching(kind, frozen=True):  # type: ignore[misc, valid-type]
        reads: Any = None
        path: Path = ()

        def __getattribute__(self, name: str) -> Any:
            value = object.__getattribute__(self, name)
            if name not in fields:
                return value
            reads, path = object.__getattribute__(self, "reads"), (*object.__getattribute__(self, "path"), name)
            part = watched(value, reads, path)
            if part is value:
                reads[path] = value
            return part

        def __eq__(self, other: object) -> bool:
            return bool(plain(self) == plain(other))

        __hash__ = kind.__hash__

    def plain(value: Any) -> Any:
        """Return what is watched itself: all of it counts as read."""
        return kind(*(plain(getattr(value, name)) for name in fields)) if isinstance(value, Watching) else value

    return Watching
