"""A kustomize that is started before it is needed, for a program that compiles again and again.

Starting takes three times as long as building some objects. The program that was started ahead waits for the content of
the first file that it reads, which is a named pipe. If its run fails or has a warning, the caller runs it as ever.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from floe_compiler.model.layout import KUSTOMIZATION

SECONDS = 10
"""A run takes much less. One that does not end, perhaps as it reads the pipe twice, is given up."""

MOST_BYTES = 16_000
"""A pipe takes so much at once on every system."""


def write_files(folder: str, files: Mapping[str, str]) -> None:
    """Write files below a folder: their texts by path."""
    for file, text in files.items():
        path = Path(folder, file)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")


@dataclass
class Waiting:
    """A program that waits for the content of its `first` file, a named pipe below the folder `staged`."""

    process: subprocess.Popen[str]
    staged: tempfile.TemporaryDirectory[str]
    first: str
    pipe: int | None = None
    """The end to write into, once the program has opened the other one. When this process ends, so does the program."""

    def open(self) -> bool:
        """Return whether the program waits, and open the pipe."""
        if self.pipe is None:
            with suppress(OSError):  # nobody has opened the other end
                self.pipe = os.open(Path(self.staged.name, self.first), os.O_WRONLY | os.O_NONBLOCK)
        return self.pipe is not None

    def close(self) -> None:
        """Close the pipe."""
        if self.pipe is not None:
            os.close(self.pipe)
        self.pipe = None

    def end(self) -> None:
        """End the program, and remove its files."""
        self.close()
        self.process.kill()
        self.process.communicate()
        self.staged.cleanup()


Run = tuple[tuple[str, ...], str]
"""The command and the folder of a run."""


@dataclass
class Ahead:
    """What runs last, and the program that waits to do the same."""

    owner: int = field(default_factory=os.getpid)
    last: tuple[Run, Mapping[str, str]] | None = None
    waiting: dict[Run, Waiting] = field(default_factory=dict)


_ahead: Ahead | None = None


@contextmanager
def starting_ahead() -> Iterator[None]:
    """Let programs be started ahead (`start_next`) until the end of the context."""
    global _ahead
    before, _ahead = _ahead, Ahead()
    try:
        yield
    finally:
        for waiting in _ahead.waiting.values():
            waiting.end()
        _ahead = before


def start_next() -> None:
    """Start a program for the folder of the last run: the next edit is most often one of the same patches.

    Called again, this opens the pipe of a program that has started meanwhile.
    """
    if _ahead is None or _ahead.last is None or not hasattr(os, "mkfifo"):
        return
    run, environment = _ahead.last
    if run in _ahead.waiting:
        _ahead.waiting[run].open()
        return
    for other in _ahead.waiting.values():
        other.end()
    _ahead.waiting = {run: _started(run, environment)}


def _started(run: Run, environment: Mapping[str, str]) -> Waiting:
    command, folder = run
    staged = tempfile.TemporaryDirectory(prefix="floe-compile-")
    first = f"{folder}/{KUSTOMIZATION}"
    path = Path(staged.name, first)
    path.parent.mkdir(parents=True)
    os.mkfifo(path, 0o600)
    process = subprocess.Popen(
        [*command, folder],
        cwd=staged.name,
        env={**environment, "HOME": staged.name},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    return Waiting(process, staged, first)


def run_ahead(command: Sequence[str], folder: str, files: Mapping[str, str], environment: Mapping[str, str]) -> str:
    """Return the output of a program that has waited; empty if none has, or if there is more to say than an output.

    Args:
        command: The program with its arguments, but for the folder.
        folder: The folder that it builds.
        files: The files, by path.
        environment: The environment variables of the program.
    """
    if _ahead is None or _ahead.owner != os.getpid():
        return ""
    run = tuple(command), folder
    _ahead.last = run, environment
    waiting = _ahead.waiting.pop(run, None)
    if waiting is None:
        return ""
    try:
        return _output(waiting, files)
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
        return ""
    finally:
        waiting.end()


def _output(waiting: Waiting, files: Mapping[str, str]) -> str:
    content = files[waiting.first].encode()
    if len(content) > MOST_BYTES or not waiting.open() or waiting.pipe is None:
        return ""
    write_files(waiting.staged.name, {file: text for file, text in files.items() if file != waiting.first})
    os.write(waiting.pipe, content)
    waiting.close()
    output, messages = waiting.process.communicate(timeout=SECONDS)
    return "" if waiting.process.returncode or messages else output
