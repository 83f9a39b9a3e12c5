"""A cache that seems to lack entries that it has, a few at a time, for a program that wants to make them again."""

from __future__ import annotations

from collections.abc import Collection

from floe_compiler.model.cache import Cache


class Forgetting:
    """Forgets each entry of a kind once, in the order of the requests for them, and as many at a time as `forget` says.

    Those of some other kinds it never has.
    """

    def __init__(self, cache: Cache, kind: str, never: Collection[str]) -> None:
        self._cache = cache
        self._kind = kind
        self._never = never
        self._forgotten: set[str] = set()
        self._left = 0

    def forget(self, most: int) -> None:
        """Forget this many more entries."""
        self._left = most

    @property
    def has_forgotten_all(self) -> bool:
        """Return whether fewer entries were asked for since `forget` than it would have forgotten."""
        return self._left > 0

    def get(self, kind: str, key: str) -> bytes | None:
        """Return the data under a key; None if it is missing, damaged or forgotten now."""
        if kind in self._never:
            return None
        if kind == self._kind and self._left and key not in self._forgotten:
            self._forgotten.add(key)
            self._left -= 1
            return None
        return self._cache.get(kind, key)

    def put(self, kind: str, key: str, data: bytes) -> bool:
        """Store an entry, if possible; return whether it was stored."""
        return self._cache.get(kind, key) == data or self._cache.put(kind, key, data)
