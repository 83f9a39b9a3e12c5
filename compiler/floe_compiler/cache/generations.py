"""A cache in front of another one, for a program that compiles again and again."""

from __future__ import annotations

from floe_compiler.model.cache import Cache


class Generations:
    """Has at hand what this compilation and the one before have used of another cache, and no more."""

    def __init__(self, store: Cache) -> None:
        self._store = store
        self._now: dict[tuple[str, str], bytes] = {}
        self._before: dict[tuple[str, str], bytes] = {}

    def begin(self) -> None:
        """Begin another compilation: entries that only the one before the last used are dropped from memory."""
        self._before, self._now = self._now, {}

    def get(self, kind: str, key: str) -> bytes | None:
        """Return the data under a key; None if it is missing or damaged."""
        entry = kind, key
        data = self._now.get(entry) or self._before.get(entry) or self._store.get(kind, key)
        if data is not None:
            self._now[entry] = data
        return data

    def put(self, kind: str, key: str, data: bytes) -> bool:
        """Keep an entry, in memory and in the other cache; this always succeeds."""
        self._now[kind, key] = data
        self._store.put(kind, key, data)
        return True
