"""What a function of frozen data returned the first time, and what it has read of the data to return that.

A function whose result follows from its arguments alone returns the same for other arguments that are equal where it
has read them. So most components need not declare again what they are when a setting is varied.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any, ClassVar, Generic, TypeVar

import msgspec

from floe_compiler.model.capabilities import Capability
from floe_compiler.model.facts import Parts
from floe_compiler.model.mesh_facts import MeshFacts
from floe_compiler.model.plan import Context, DeclaredInstance, DeclaredUnit, Instance, UnitPlan
from floe_compiler.model.settings import ClusterSettings, EnvironmentSettings, PlatformSettings, Settings

Result = TypeVar("Result")
Path = tuple[int | str, ...]
"""The number of an argument, and the names of fields in it, and the numbers of items."""

Reads = dict[Path, Any]
"""The values that were read."""

WATCHED = (
    *(Context, Instance, Settings, PlatformSettings, EnvironmentSettings, ClusterSettings),
    *(MeshFacts, UnitPlan, DeclaredUnit, DeclaredInstance, Parts),
)
"""The types with fields of which most functions read only a few. Any other value is read as a whole."""

_KIND = "__class__"
"""The last step of a path at which the type of a value was read; for a tuple, the types of its items."""


class Remembered(Generic[Result]):
    """A pure function that runs again only if a value has changed that it read of its first arguments."""

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
    kind = _kind(value)
    if isinstance(kind, tuple):
        if not kind or not all(map(_is_watched, kind)):
            return value
        reads[(*path, _KIND)] = kind
        return tuple(watched(item, reads, (*path, number)) for number, item in enumerate(value))
    if not _is_watched(kind):
        return value
    reads[(*path, _KIND)] = kind
    return _watching(kind)(*(getattr(value, name) for name in kind.__struct_fields__), value, reads, path)


def _is_watched(kind: type) -> bool:
    return kind in WATCHED or issubclass(kind, Capability)


def _kind(value: Any) -> Any:
    return tuple(map(type, value)) if type(value) is tuple else type(value)


def _at(value: Any, path: Path) -> Any:
    for step in path:
        value = _kind(value) if step == _KIND else value[step] if isinstance(step, int) else getattr(value, step)
    return value


@cache
def _watching(kind: type[msgspec.Struct]) -> Any:
    """Return a kind of struct that notes what is read of it. A copy with other values notes it, too."""
    fields = kind.__struct_fields__

    class Watching(kind, frozen=True):  # type: ignore[call-arg, misc, valid-type]
        watched_kind: ClassVar[Any] = kind
        watched_value: Any = None
        watched_reads: Any = None
        watched_path: Path = ()

        def __getattribute__(self, name: str) -> Any:
            read = partial(object.__getattribute__, self)
            value = read(name)
            if name not in fields or value is not getattr(read("watched_value"), name):
                return value  # a copy has another value here, which is not an argument
            reads, path = read("watched_reads"), (*read("watched_path"), name)
            part = watched(value, reads, path)
            if part is value:
                reads[path] = value
            return part

        def __eq__(self, other: object) -> bool:
            return bool(plain(self) == plain(other))

        def __hash__(self) -> int:
            return hash(plain(self))

    return Watching


def plain(value: Any) -> Any:
    """Return the value behind a watched one, which then counts as read in full; any other value as it is."""
    if isinstance(value, tuple):
        return tuple(map(plain, value)) if type(value) is tuple else value
    kind = type(value)
    if not hasattr(kind, "watched_kind"):
        return value
    return kind.watched_kind(*(plain(getattr(value, name)) for name in kind.watched_kind.__struct_fields__))
