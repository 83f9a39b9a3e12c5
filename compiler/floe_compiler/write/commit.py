"""Carries out a plan. If a run is killed at any moment, the next run repairs the output.

While files are being written, the index lists both their old and new contents. So wherever a run is killed, the index
knows every file that the tool wrote. Each file is replaced atomically.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec
from msgspec.structs import replace

from floe_compiler.model.diagnostics import Diagnostic, Rule, StageFailed
from floe_compiler.model.files import FileSet
from floe_compiler.model.spill import Kept, Spill, content
from floe_compiler.write.plan import WritePlan
from floe_compiler.write.snapshot import TEMPORARY_SUFFIX
from floe_compiler.write.stats import FileStat

_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)

CANNOT_WRITE = Rule(
    "W011",
    "output that cannot be read or written",
    "The operating system refused to read, write or delete a file of the output. Fix the cause and compile again, "
    "which writes the missing files.",
)


@contextlib.contextmanager
def reporting_refusals(root: Path) -> Iterator[None]:
    """Turn an OSError inside the block into a StageFailed with W011."""
    try:
        yield
    except OSError as error:
        path = Path(error.filename or root)
        subject = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()
        message = f"cannot be read or written: {error.strerror or type(error).__name__}"
        hint = "give access to it, or free space; then compile again, which writes what is missing"
        raise StageFailed([Diagnostic(CANNOT_WRITE, message, subject=subject, hint=hint)]) from error


class Step(msgspec.Struct, frozen=True):
    """What is to be done in one environment.

    The texts of its indexes, and the stats of its files before, are in a file meanwhile. `interim` and `indexes` are
    those of the plan.
    """

    environment: str
    plan: WritePlan
    interim: Mapping[str, Kept]
    indexes: Mapping[str, Kept | None]
    stats: Kept

    @classmethod
    def of(cls, environment: str, plan: WritePlan, stats: bytes, spill: Spill) -> Step:
        """Return the step, with its large parts in a file."""
        interim = {path: spill.put(text.encode()) for path, text in plan.interim.items()}
        indexes = {path: spill.put(text.encode()) if text else None for path, text in plan.indexes.items()}
        return cls(environment, replace(plan, interim={}, indexes={}), interim, indexes, spill.put(stats))


def commit(root: Path, step: Step, files: FileSet) -> dict[str, FileStat]:
    """Write, then delete, then record the owned files; raise OSError if a step fails.

    Returns:
        for each file that was created or changed, its stat right after it was written.
    """
    plan = step.plan
    for path in plan.leftovers:
        (root / path).unlink(missing_ok=True)  # a run that was writing when this one looked has finished
    if plan.create or plan.change or plan.delete:
        for path, text in step.interim.items():
            write_file(f"{root}/{path}", content(text))
    chosen = {*plan.create, *plan.change}
    written = {
        file.path: FileStat.of(write_file(f"{root}/{file.path}", file.text), digest)
        for file, digest in (files.of_environment(step.environment).chosen(chosen) if chosen else ())
    }
    for path in plan.delete:
        (root / path).unlink()
    for folder in plan.empty:
        with contextlib.suppress(OSError):  # A folder with a foreign hidden file is kept.
            (root / folder).rmdir()
    for path, final in step.indexes.items():
        if final is None:
            (root / path).unlink()
        else:
            write_file(f"{root}/{path}", content(final))
    return written


def write_file(path: str, text: str | bytes) -> os.stat_result:
    """Write a file atomically, and its folder if it is missing; return its stat."""
    folder, _, name = path.rpartition("/")
    # The name is hidden and has no suffix of a manifest, so that neither Argo CD nor Flux reads the file. It is in the
    # same folder, so that it is on the same file system and the replacement is atomic.
    temporary = f"{folder}/.{name}{TEMPORARY_SUFFIX}"
    file = _create(temporary)
    try:
        try:
            data = text if isinstance(text, bytes) else text.encode()
            while data:
                data = data[os.write(file, data) :]
        finally:
            os.close(file)
        os.replace(temporary, path)  # noqa: PTH105 -- paths as text: there are tens of thousands
    except BaseException as error:
        Path(temporary).unlink(missing_ok=True)
        if isinstance(error, OSError):
            error.filename = path  # a full disk names no file
        raise
    return os.lstat(path)


def _create(path: str) -> int:
    """Create a file for writing; never follow an existing link (O_EXCL)."""
    try:
        return os.open(path, _NEW_FILE, 0o666)
    except FileNotFoundError:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    except FileExistsError:  # left by an interrupted run
        Path(path).unlink()
    return os.open(path, _NEW_FILE, 0o666)
