"""A cache in front of another one, for a program that compiles again and again."""

from __future__ import annotations

import os
from collections.abc import Callable

from floe_compiler.model.cache import Cache


class Generations:
    """Has at hand what this compilation and the one before have used of another cache, and no more.

    What this process puts gets into the other cache later (`keep`), so that nobody waits for files to be written. What
    a forked process puts gets there at once: this one will look for it there.
    """

    def __init__(self, store: Cache) -> None:
        self._store = store
        self._now: dict[tuple[str, str], bytes] = {}
        self._before: dict[tuple[str, str], bytes] = {}
        self._unwritten: dict[tuple[str, str], bytes] = {}
        self._owner = os.getpid()

    def __reduce__(self) -> tuple[Callable[[Cache], Cache], tuple[Cache]]:
        """Return what a process that is sent this cache gets: the other one."""
        return _behind, (self._store,)

    def begin(self) -> None:
        """Begin another compilation: entries that only the one before the last used are dropped from memory."""
        self.keep()
        self._before, self._now = self._now, {}

    def get(self, kind: str, key: str) -> bytes | None:
        """Return the data under a key; None if it is missing or damaged."""
        entry = kind, key
        data = self._now.get(entry) or self._before.get(entry) or self._store.get(kind, key)
        if data is not None:
            self._now[entry] = data
        return data

    def put(self, kind: str, key: str, data: bytes) -> bool:
        """Keep an entry, in memory and soon in the other cache; this always succeeds."""
        self._now[kind, key] = data
        if os.getpid() == self._owner:
            self._unwritten[kind, key] = data
        else:
            self._store.put(kind, key, data)
        return True

    def keep(self) -> None:
        """Put into the other cache what was put here since the last time."""
        unwritten, self._unwritten = self._unwritten, {}
        for (kind, key), data in unwritten.items():
            self._store.put(kind, key, data)


def _behind(store: Cache) -> Cache:
    return store
