"""Entries of the cache: bytes under a key, in a file each, checked when they are read.

A key is the SHA-256 of everything that an entry follows from, so an entry is never wrong, only missing: one that is
truncated, damaged or another entry's counts as missing. Entries are data (MessagePack), and nothing in them is ever
executed. Writing is best effort: a full disk or a folder without write access costs time, not the run.

The folder may have come from elsewhere, such as the cache of a CI system, or be another one than was meant. So nothing
is written or removed through a link in it, and only files with the names of entries are removed.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import os
import re
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from floe_compiler.model.cache import Cache as Cache  # re-exported: what both kinds below are
from floe_compiler.model.plain_files import link_in, read_plain

FORMAT = b"floe-compile cache 1\n"
DIGEST_SIZE = 16
KEPT_DAYS = 30
"""Days after which an unused entry is removed."""

_DAY = 24 * 3600
_NUMBERS = itertools.count()
_SHARD = re.compile(r"[0-9a-f]{2}")
_NAME = re.compile(r"[0-9a-f]{62}(?:\.\d+\.\d+\.tmp)?")


class Store:
    """The entries in one folder. It may be used by several threads, processes and runs at once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, kind: str, key: str) -> bytes | None:
        """Return the data under a key; None if it is missing or damaged."""
        path = self._path(kind, key)
        try:
            content = _opened(kind, key, read_plain(path))
        except (OSError, ValueError):
            return None
        if content is not None:
            with contextlib.suppress(OSError):
                if os.stat(path).st_mtime < time.time() - _DAY:  # noqa: PTH116 -- thousands of entries
                    os.utime(path)  # it was used, so it stays longer
        return content

    def put(self, kind: str, key: str, data: bytes) -> bool:
        """Keep an entry atomically; return whether it is kept."""
        path = self._path(kind, key)
        temporary = f"{path}.{os.getpid()}.{next(_NUMBERS)}.tmp"
        try:
            if link_in(self.folder, f"{kind}/{key[:2]}"):
                return False
            try:
                _write(temporary, FORMAT, _seal(kind, key, data), data)
                os.replace(temporary, path)  # noqa: PTH105
            except BaseException:
                with contextlib.suppress(OSError):
                    os.unlink(temporary)  # noqa: PTH108
                raise
        except OSError:
            return False
        return True

    def prune(self) -> None:
        """Remove entries that no run has used for KEPT_DAYS; checks once a day.

        Entries under one key stay together: a run that uses one kind may need the other later.
        """
        stamp, now = self.folder / "pruned", time.time()
        with contextlib.suppress(OSError):
            if stamp.lstat().st_mtime > now - _DAY:
                return
        with contextlib.suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            _touch(stamp)
            entries: dict[tuple[str, str], list[Path]] = defaultdict(list)
            for path in _entries(self.folder):
                entries[path.parent.name, path.name].append(path)
            for paths in entries.values():
                _remove_unused(paths, now - KEPT_DAYS * _DAY)

    def _path(self, kind: str, key: str) -> str:
        return f"{self.folder}/{kind}/{key[:2]}/{key[2:]}"


def _entries(folder: Path) -> Iterator[Path]:
    """Yield the files of entries, also half-written ones; without following links."""
    for kind in _folders(folder):
        for shard in filter(_SHARD.fullmatch, _folders(f"{folder}/{kind}")):
            with os.scandir(f"{folder}/{kind}/{shard}") as entries:
                yield from (Path(entry.path) for entry in entries if _NAME.fullmatch(entry.name))


def _folders(folder: Path | str) -> list[str]:
    """Return the names of the folders in a folder, without links to folders."""
    with os.scandir(folder) as entries:
        return [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]


def _touch(stamp: Path) -> None:
    """Make a file anew, so that it has the time of now, whatever is in its place."""
    stamp.unlink(missing_ok=True)
    with open(stamp, "xb", opener=_open_for_the_user):
        pass


def _remove_unused(paths: Iterable[Path], before: float) -> None:
    """Remove these entries if none of them was used after that time; another run may be doing the same."""
    with contextlib.suppress(OSError):
        if max(path.stat(follow_symlinks=False).st_mtime for path in paths) < before:
            for path in paths:
                path.unlink()


def _open_for_the_user(path: str, flags: int) -> int:
    """Create a file that only the user may read."""
    return os.open(path, flags, 0o600)


def _write(path: str, *content: bytes) -> None:
    """Write a new file of these parts, and its folder if it is missing."""
    try:
        file = open(path, "xb", opener=_open_for_the_user)  # noqa: SIM115 -- Path.open takes no opener
    except FileNotFoundError:
        Path(path).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = open(path, "xb", opener=_open_for_the_user)  # noqa: SIM115
    with file:
        file.writelines(content)


def _seal(kind: str, key: str, data: bytes) -> bytes:
    digest = hashlib.blake2b(f"{kind} {key}\n".encode(), digest_size=DIGEST_SIZE)
    digest.update(data)
    return digest.digest()


def _opened(kind: str, key: str, content: bytes) -> bytes | None:
    """Return the data of a file if it is intact and belongs to this key."""
    start = len(FORMAT) + DIGEST_SIZE
    data = content[start:]
    sound = content.startswith(FORMAT) and content[len(FORMAT) : start] == _seal(kind, key, data)
    return data if sound else None


class Memory:
    """A store that lasts as long as the process."""

    def __init__(self) -> None:
        self._entries: dict[tuple[str, str], bytes] = {}

    def get(self, kind: str, key: str) -> bytes | None:
        """Return the content that is stored under a key."""
        return self._entries.get((kind, key))

    def put(self, kind: str, key: str, data: bytes) -> bool:
        """Keep an entry."""
        self._entries[kind, key] = data
        return True
