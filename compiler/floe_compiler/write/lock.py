"""A lock that allows one run at a time. The operating system releases it when its process ends.

The repository's folder itself is locked, so no file is left behind.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from floe_compiler.model.codec import digest_of
from floe_compiler.model.diagnostics import Diagnostic, Rule, StageFailed

LOCKED = Rule(
    "W009",
    "another run is writing",
    "Another floe-compile is writing to the same output. Wait until it has finished and run this one again.",
)


@contextlib.contextmanager
def locked(root: Path) -> Iterator[None]:
    """Hold the repository's lock.

    Raises:
        StageFailed: with W009 if another process holds it.
    """
    with contextlib.ExitStack() as opened:
        try:
            _hold(root, opened)
        except BlockingIOError as error:
            message = "another floe-compile is writing here"
            raise StageFailed([Diagnostic(LOCKED, message, hint="wait until it has finished")]) from error
        yield


def _hold(root: Path, opened: contextlib.ExitStack) -> None:
    try:
        _lock(_open(root, os.O_RDONLY, opened))
    except (BlockingIOError, FileNotFoundError):
        raise
    except OSError:  # Windows cannot open folders, and NFS locks only what is open for writing (flock(2)).
        _lock(_open(lock_file(root), os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), opened))


def lock_file(root: Path) -> Path:
    """Return the file that is locked if the folder cannot be locked."""
    return Path(tempfile.gettempdir(), f"floe-compile-{digest_of(str(root.resolve()))[:16]}.lock")


def _open(path: Path, flags: int, opened: contextlib.ExitStack) -> int:
    file = os.open(path, flags, 0o600)
    opened.callback(os.close, file)
    return file


if sys.platform == "win32":  # pragma: no cover
    import msvcrt

    def _lock(file: int) -> None:
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except PermissionError as error:  # msvcrt raises this if another process has the lock
            raise BlockingIOError(*error.args) from error

else:
    import fcntl

    def _lock(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
