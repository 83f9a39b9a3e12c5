"""The inputs that the output on disk was compiled from, and the stats of its files, cached to save work.

If it is lost, the next run compiles everything. It cannot make a wrong output pass: it has the hash of the index, the
index has the hash of every file, and a file is not read only if the file system shows that it has not changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from floe_compiler.model.cache import Cache
from floe_compiler.model.codec import decode, digest_of, encode
from floe_compiler.write.stats import FileStat, FolderStats

KIND = "outputs"


class Compiled(msgspec.Struct, frozen=True, array_like=True):
    """An environment as last compiled.

    The digest of its inputs, the hash of its index, the number of warnings, and the stats of its files as MessagePack:
    a run that has something to compile needs none of them to find that out.
    """

    digest: str
    index: str
    warnings: int
    encoded_stats: bytes

    @classmethod
    def of(cls, digest: str, index: str, warnings: int, stats: FolderStats) -> Compiled:
        """Return the state of an environment with these files."""
        return cls(digest, index, warnings, encode(stats))

    @property
    def stats(self) -> FolderStats:
        """The stats of the files; none if what was kept is damaged."""
        return decode(self.encoded_stats, dict[str, dict[str, FileStat]]) or {}

    def with_stats(self, stats: FolderStats) -> Compiled:
        """Return the state with other stats."""
        return Compiled.of(self.digest, self.index, self.warnings, stats)


def recall(store: Cache, root: Path, environments: Iterable[str]) -> Mapping[str, Compiled]:
    """Return the state of those of these environments of this checkout that are known."""
    entries = {name: store.get(KIND, _key(root, name)) for name in environments}
    states = {name: decode(data, Compiled) for name, data in entries.items() if data}
    return {name: state for name, state in states.items() if state is not None}


def remember(store: Cache, root: Path, compiled: Mapping[str, Compiled]) -> None:
    """Store the state of some environments of this checkout; that of others stays as it is."""
    for name, state in compiled.items():
        store.put(KIND, _key(root, name), encode(state))


def known_stats(compiled: Mapping[str, Compiled]) -> FolderStats:
    """Return the stats of all environments' files."""
    return {folder: stats for environment in compiled.values() for folder, stats in environment.stats.items()}


def stats_of(stats: FolderStats, environment: str) -> FolderStats:
    """Return the stats of one environment's files."""
    return {folder: files for folder, files in stats.items() if folder.split("/")[1] == environment}


def _key(root: Path, environment: str) -> str:
    return digest_of(str(root.resolve()), environment)
