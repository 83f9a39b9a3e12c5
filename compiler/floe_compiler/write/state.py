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
from floe_compiler.write.stats import FileStat, FolderStats, add_written

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

    @property
    def stats(self) -> FolderStats:
        """The stats of the files; none if what was kept is damaged."""
        return decode(self.encoded_stats, dict[str, dict[str, FileStat]]) or {}


def encoded_stats(stats: FolderStats) -> bytes:
    """Return the stats of an environment's files in the form in which they are kept."""
    return encode(stats)


def with_written(encoded: bytes, written: Mapping[str, FileStat], moment: int) -> bytes:
    """Return the stats of an environment's files after some were written. Only those of their folders are decoded.

    Args:
        encoded: the stats before.
        written: the stats of the files that were written, by path from the root.
        moment: a time after that, in nanoseconds since the epoch.
    """
    if not written:
        return encoded
    folders = decode(encoded, dict[str, msgspec.Raw]) or {}
    names = {path.rpartition("/")[0] for path in written}
    stats = {name: decode(bytes(folders[name]), dict[str, FileStat]) or {} for name in names & folders.keys()}
    add_written(stats, written, moment)
    return encode({**folders, **stats})


def recall(store: Cache, root: Path, environment: str) -> Compiled | None:
    """Return the state of an environment of this checkout; None if it is not known."""
    data = store.get(KIND, _key(root, environment))
    return decode(data, Compiled) if data else None


def remember(store: Cache, root: Path, environment: str, compiled: Compiled) -> None:
    """Store the state of an environment of this checkout; that of others stays as it is."""
    store.put(KIND, _key(root, environment), encode(compiled))


def _key(root: Path, environment: str) -> str:
    return digest_of(str(root.resolve()), environment)
