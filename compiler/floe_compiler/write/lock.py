"""One run at a time: a lock that the operating system drops when its holder ends, however it ends."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from floe_compiler.model.diagnostics import Diagnostic, Rule, StageFailed
from floe_compiler.write.commit import write_file
from floe_compiler.write.snapshot import NOT_A_FILE

CACHE_FOLDER = ".floe_cache"
_FLAGS = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)

LOCKED = Rule(
    "W009",
    "another run is writing",
    "Another floe-compile is writing to the same output. Wait until it has finished and run this one again.",
)


def cache_folder(root: Path) -> Path:
    """Return the folder for what only this checkout needs, made if need be; it hides itself from Git.

    Raises:
        StageFailed: with W010 if it is a symbolic link, which could lead a write out of the repository.
    """
    folder = root / CACHE_FOLDER
    if folder.is_symlink():
        raise StageFailed([Diagnostic(NOT_A_FILE, "is a symbolic link", subject=CACHE_FOLDER, hint="remove it")])
    if not (folder / ".gitignore").exists():
        write_file(folder / ".gitignore", "*\n")
    return folder


@contextlib.contextmanager
def locked(root: Path) -> Iterator[None]:
    """Hold the repository's lock.

    Raises:
        StageFailed: with W009 if another process holds it.
    """
    with os.fdopen(os.open(cache_folder(root) / "lock", _FLAGS, 0o666), "r+") as file:
        try:
            _lock(file)
        except OSError as error:
            message = f"another floe-compile (process {file.read(20).strip() or 'unknown'}) is writing here"
            raise StageFailed([Diagnostic(LOCKED, message, hint="wait until it has finished")]) from error
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield


if sys.platform == "win32":  # pragma: no cover
    import msvcrt

    def _lock(file: IO[str]) -> None:
        file.seek(1000)  # Beyond the process number, which others must be able to read.
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        finally:
            file.seek(0)

else:
    import fcntl

    def _lock(file: IO[str]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
