"""The small entries that the last run of a repository used, in one file: opening thousands of files takes long."""

from __future__ import annotations

from collections.abc import Collection

from floe_compiler.cache.store import Cache
from floe_compiler.model.codec import decode, encode

KIND = "recent"
FEW = 50
"""One entry in this many may be missing: opening it takes less time than writing all of them."""


class Recent:
    """A cache with those entries of some kinds at hand that the last run used. It ends with the run.

    `name` identifies the repository. All entries are in `store`, too, for other repositories and branches.
    """

    def __init__(self, store: Cache, name: str, kinds: Collection[str]) -> None:
        self._store = store
        self._name = name
        self._kinds = kinds
        data = store.get(KIND, name)
        self._known = (decode(data, dict[str, bytes]) if data else None) or {}
        self._used: dict[str, bytes] = {}

    def get(self, kind: str, key: str) -> bytes | None:
        """Return the data under a key; None if it is missing or damaged."""
        if kind not in self._kinds:
            return self._store.get(kind, key)
        entry = f"{kind} {key}"
        data = self._used.get(entry) or self._known.get(entry) or self._store.get(kind, key)
        if data is not None:
            self._used[entry] = data
        return data

    def put(self, kind: str, key: str, data: bytes) -> bool:
        """Store an entry, if possible; return whether it was stored."""
        if kind in self._kinds:
            self._used[f"{kind} {key}"] = data
        return self._store.put(kind, key, data)

    def keep(self) -> None:
        """Keep what the run used for the next one, unless most of it is at hand already, as after a small edit."""
        missing = sum(self._known.get(entry) != data for entry, data in self._used.items())
        if missing * FEW > len(self._used):
            self._known = {}  # so that only one copy is in memory beside the encoded one
            self._store.put(KIND, self._name, encode(self._used))
        self._known = self._used = {}
