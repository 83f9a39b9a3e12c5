"""The interface of the cache, as stages use it."""

from __future__ import annotations

from typing import Protocol


class Cache(Protocol):
    """Entries by kind and key."""

    def get(self, kind: str, key: str) -> bytes | None:
        """Return the data under a key; None if it is missing or damaged."""

    def put(self, kind: str, key: str, data: bytes) -> bool:
        """Store an entry, if possible; return whether it was stored."""
