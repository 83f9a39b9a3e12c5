"""The small entries that the last run of a repository used, in few files: opening thousands of files takes long."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from floe_compiler.cache.store import Cache
from floe_compiler.model.codec import decode, digest_of, encode
from floe_compiler.model.spill import Kept, Spill, content

KIND = "recent"
FEW = 50
"""One entry in this many may be missing: opening it takes less time than writing all of them."""

PARTS = "0123456789abcdef"
"""What keys begin with: the entries of each are in a file, so that a part of them is in memory while it is written."""


class Recent:
    """A cache with those entries of some kinds at hand that the last run used. It ends with the run.

    `name` identifies the repository. All entries are in `store`, too, for other repositories and branches. The entries
    of all environments are in a temporary file meanwhile, and not in memory.
    """

    def __init__(self, store: Cache, name: str, kinds: Collection[str]) -> None:
        self._store = store
        self._name = name
        self._kinds = kinds
        self._spill = Spill()
        self._known = {entry: kept for part in PARTS for entry, kept in self._recalled(part)}
        self._used: dict[str, Kept] = {}

    def get(self, kind: str, key: str) -> bytes | None:
        """Return the data under a key; None if it is missing or damaged."""
        if kind not in self._kinds:
            return self._store.get(kind, key)
        entry = f"{kind} {key}"
        kept = self._used.get(entry) or self._known.get(entry)
        if kept is not None:
            self._used[entry] = kept
            return content(kept)
        data = self._store.get(kind, key)
        if data is not None:
            self._used[entry] = self._spill.put(data)
        return data

    def put(self, kind: str, key: str, data: bytes) -> bool:
        """Store an entry, if possible; return whether it was stored."""
        if kind in self._kinds:
            self._used[f"{kind} {key}"] = self._spill.put(data)
        return self._store.put(kind, key, data)

    def keep(self) -> None:
        """Keep what the run used for the next one, unless most of it is at hand already, as after a small edit."""
        missing = sum(self._known.get(entry) is not kept for entry, kept in self._used.items())
        if missing * FEW > len(self._used):
            for part in PARTS:
                entries = {entry: content(kept) for entry, kept in self._used.items() if _part(entry) == part}
                self._store.put(KIND, digest_of(self._name, part), encode(entries))
        self._known = {}

    def _recalled(self, part: str) -> Iterable[tuple[str, Kept]]:
        data = self._store.get(KIND, digest_of(self._name, part))
        entries = (decode(data, dict[str, bytes]) if data else None) or {}
        return zip(entries, self._spill.put_all(entries.values()), strict=True)


def _part(entry: str) -> str:
    """Return what the key of an entry begins with."""
    return entry.partition(" ")[2][0]
