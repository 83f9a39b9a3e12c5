"""Reads regular files, and nothing else: no link is followed, and no pipe or device is waited for.

Anyone who may commit can put a link into a repository. What it leads to differs between machines, may be a secret
outside of the repository, and on Windows, Git writes a text file in its place.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path

_FLAGS = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_PART = 1 << 20

NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""Errors of the system: the disk is full, or the user's quota is."""


class NotPlain(OSError):
    """There is a link, a pipe, a device or a folder instead of a regular file, or a link in its path."""

    def __init__(self, path: str | Path) -> None:
        super().__init__(errno.EINVAL, "Not a regular file", str(path))


class TooLarge(OSError):
    """The file has more bytes than may be read; `size` says how many."""

    def __init__(self, size: int) -> None:
        super().__init__(errno.EFBIG, "File too large")
        self.size = size


def read_plain(path: str | Path, most: int | None = None) -> bytes:
    """Return the content of a regular file. Links in the folders of its path are the caller's affair.

    Args:
        path: The file.
        most: The most bytes that it may have.

    Raises:
        NotPlain: If it is something else.
        TooLarge: If it has more.
        OSError: If it cannot be read.
        ValueError: If the path has a NUL.
    """
    file = _opened(path)
    try:
        status = os.fstat(file)
        if not stat.S_ISREG(status.st_mode):
            raise NotPlain(path)
        if most is not None and status.st_size > most:
            raise TooLarge(status.st_size)
        parts = [part := os.read(file, status.st_size + 1)]
        while part:  # the last one is empty
            parts.append(part := os.read(file, _PART))
        return b"".join(parts)
    finally:
        os.close(file)


def _opened(path: str | Path) -> int:
    if not hasattr(os, "O_NOFOLLOW") and os.path.islink(path):  # noqa: PTH114 -- pathlib is slower; thousands of files
        raise NotPlain(path)
    try:
        return os.open(path, _FLAGS)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO):  # a link, or a socket (open(2))
            raise NotPlain(path) from error
        raise


def link_in(root: str | Path, path: str) -> str:
    """Return the first part of a path below `root` that is a link; empty if none is.

    Args:
        root: The folder where the path begins; links that lead to it do not matter.
        path: A path from there, with forward slashes.
    """
    return next((part for part in parts_of(path) if os.path.islink(f"{root}/{part}")), "")  # noqa: PTH114


def parts_of(path: str) -> Iterator[str]:
    """Yield the folders on a path with forward slashes, the topmost first, and the path itself."""
    steps = path.split("/")
    return ("/".join(steps[: end + 1]) for end in range(len(steps)))


def read_below(root: str | Path, path: str, most: int | None = None) -> bytes:
    """Return the content of a regular file below `root`, as `read_plain` does; no part of its path may be a link."""
    if link_in(root, path):
        raise NotPlain(f"{root}/{path}")
    return read_plain(f"{root}/{path}", most)


def read_if_plain(root: str | Path, path: str) -> bytes | None:
    """Return the content of a regular file below `root`, as `read_below` does; None if there is no such file."""
    try:
        return read_below(root, path)
    except (FileNotFoundError, NotADirectoryError, NotPlain):
        return None
