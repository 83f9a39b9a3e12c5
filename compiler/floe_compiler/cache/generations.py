"""A cache in front of another one, for a program that compiles again and again."""

from __future__ import annotations

from collections.abc import Callable

from floe_compiler.model.cache import Cache


class Generations:
    """Has at hand what this compilation and the one before have used of another cache, and no more.

    What is new gets into the other cache when there is time (`keep`). Another process only gets the other cache.
    """

    def __init__(self, store: Cache) -> None:
        self._store = store
        self._now: dict[tuple[str, str], bytes] = {}
        self._before: dict[tuple[str, str], bytes] = {}
        self._new: dict[tuple[str, str], bytes] = {}

    def __reduce__(self) -> tuple[Callable[[Cache], Cache], tuple[Cache]]:
        """Return what a process that asks for this cache gets."""
        return _behind, (self._store,)

    def begin(self) -> None:
        """Begin another compilation: entries that only the one before the last used are dropped from memory."""
        self.keep()
        self._before, self._now = self._now, {}

    def keep(self) -> None:
        """Keep in the other cache what is new since the last time."""
        for (kind, key), data in self._new.items():
            self._store.put(kind, key, data)
        self._new = {}

    def get(self, kind: str, key: str) -> bytes | None:
        """Return the data under a key; None if it is missing or damaged."""
        entry = kind, key
        data = self._now.get(entry) or self._before.get(entry) or self._store.get(kind, key)
        if data is not None:
            self._now[entry] = data
        return data

    def put(self, kind: str, key: str, data: bytes) -> bool:
        """Keep an entry at hand, and in the other cache from the next `keep` on; it always succeeds."""
        self._now[kind, key] = self._new[kind, key] = data
        return True


def _behind(store: Cache) -> Cache:
    return store
