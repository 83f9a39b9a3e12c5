"""What stages ask of the cache, and get as a value."""

from __future__ import annotations

from typing import Protocol


class Cache(Protocol):
    """Entries by kind and key."""

    def get(self, kind: str, key: str) -> bytes | None:
        """Return what is kept under a key; None if nothing sound is."""

    def put(self, kind: str, key: str, data: bytes) -> bool:
        """Keep an entry, if that can be; tell whether it is kept."""
