"""File stats, and when they prove that a file has not changed, without reading it.

As in Git's index: each change of a file changes its ctime, which only the system's clock sets. Two changes within the
same tick of the clock have the same ctime, so times that are too recent prove nothing (Git's "racy" entries).
"""

from __future__ import annotations

import os
from collections.abc import Mapping

import msgspec

TELLING = os.name != "nt"
"""Whether st_ctime is the time of the last change; on Windows, it is the time of creation."""

_MILLISECOND = 1_000_000
_FINE, _COARSE = 20 * _MILLISECOND, 2000 * _MILLISECOND
"""How old a time must be: twice the longest tick of Linux' clock (10 ms), or that of FAT (2 s)."""


class FileStat(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The stat of a file when its content had this SHA-256 hash; times in nanoseconds."""

    size: int
    modified: int
    changed: int
    inode: int
    sha256: str

    @classmethod
    def of(cls, seen: os.stat_result, sha256: str) -> FileStat:
        """Return what is kept of a stat: less than half of its memory, and there are tens of thousands."""
        return cls(seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns, seen.st_ino, sha256)

    def is_conclusive(self, moment: int) -> bool:
        """Return whether no change since a moment, in nanoseconds since the epoch, could go unnoticed."""
        guard = _FINE if self.changed % _MILLISECOND else _COARSE
        return TELLING and max(self.changed, self.modified) <= moment - guard

    def matches(self, seen: os.stat_result) -> bool:
        """Return whether the file has not changed since it was hashed."""
        return (
            self.changed == seen.st_ctime_ns
            and self.modified == seen.st_mtime_ns
            and self.size == seen.st_size
            and self.inode == seen.st_ino
        )


FolderStats = Mapping[str, Mapping[str, FileStat]]
"""The stats of files, by their folder's path from the root, then by name."""


def conclusive_stat(seen: os.stat_result, sha256: str, moment: int) -> FileStat | None:
    """Return the stat to keep for a file; None if a later change could go unnoticed.

    Args:
        seen: the file's stat, taken before its content was read.
        sha256: the hash of its content.
        moment: a time before that, in nanoseconds since the epoch: all changes since then must be noticed.
    """
    stat = FileStat.of(seen, sha256)
    return stat if stat.is_conclusive(moment) else None


def add_written(stats: dict[str, dict[str, FileStat]], written: Mapping[str, FileStat], moment: int) -> None:
    """Add the conclusive stats of files that were just written, by path from the root."""
    for path, seen in written.items():
        folder, _, name = path.rpartition("/")
        files = stats.setdefault(folder, {})
        files.pop(name, None)
        if seen.is_conclusive(moment):
            files[name] = seen
