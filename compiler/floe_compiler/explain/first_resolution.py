"""What the documents resolve to before any is varied: a variation leaves most parts of it as they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

from floe_compiler.resolve.known_parts import KnownParts, Name

Part = TypeVar("Part")


class FirstResolution(KnownParts):
    """Keeps each part of the first resolution, which must be that of valid documents, and returns it again.

    Later, what follows from other data is made, and not kept.
    """

    def __init__(self) -> None:
        self._parts: dict[Name, tuple[object, object]] = {}
        self._is_over = False

    def end(self) -> None:
        """Keep nothing from now on."""
        self._is_over = True

    def get(self, name: Name, follows: Callable[[], object], make: Callable[[], Part]) -> Part:
        """Return a part of the resolution: the first one, if it followed from the same data."""
        cached = self._parts.get(name)
        if cached is None and self._is_over:
            return make()
        data = follows()
        if cached is not None and cached[0] == data:
            return cast("Part", cached[1])
        value = make()
        if not self._is_over:
            self._parts[name] = data, value
        return value
