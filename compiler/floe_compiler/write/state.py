"""The inputs that the output on disk was compiled from, and the stats of its files, cached to save work.

If it is lost, the next run compiles everything. It cannot make a wrong output pass: it has the hash of the index, the
index has the hash of every file, and a file is not read only if the file system shows that it has not changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from floe_compiler.model.cache import Cache
from floe_compiler.model.codec import decode, digest_of, encode
from floe_compiler.write.stats import FileStat, FolderStats

KIND = "outputs"


class Compiled(msgspec.Struct, frozen=True, array_like=True):
    """An environment as last compiled.

    The digest of its inputs, the hash of its index, the number of warnings, and the stats of its files: by folder, then
    by name.
    """

    digest: str
    index: str
    warnings: int
    stats: dict[str, dict[str, FileStat]]

    def with_stats(self, stats: dict[str, dict[str, FileStat]]) -> Compiled:
        """Return the state with other stats."""
        return Compiled(self.digest, self.index, self.warnings, stats)


def recall(store: Cache, root: Path) -> Mapping[str, Compiled]:
    """Return the state of each environment of this checkout."""
    data = store.get(KIND, _key(root))
    return (decode(data, dict[str, Compiled]) if data else None) or {}


def remember(store: Cache, root: Path, compiled: Mapping[str, Compiled]) -> None:
    """Store the state of environments of this checkout. That of others stays, as another run may have written it."""
    store.put(KIND, _key(root), encode({**recall(store, root), **compiled}))


def known_stats(compiled: Mapping[str, Compiled]) -> FolderStats:
    """Return the stats of all environments' files."""
    return {folder: stats for environment in compiled.values() for folder, stats in environment.stats.items()}


def stats_of(stats: Mapping[str, dict[str, FileStat]], environment: str) -> dict[str, dict[str, FileStat]]:
    """Return the stats of one environment's files."""
    return {folder: files for folder, files in stats.items() if folder.split("/")[1] == environment}


def _key(root: Path) -> str:
    return digest_of(str(root.resolve()))
