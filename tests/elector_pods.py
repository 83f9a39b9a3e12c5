"""Pods of an elector without containers: the package as the compiler renders it, and a program that tells of itself.

The program holds a lock of the kernel while it lives, stopped or not: if another one lives, it writes `overlap`.
"""

from __future__ import annotations

import atexit
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from importlib.resources import files
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any, NamedTuple

from dagster_program import free_port

PYTHON = (sys.executable, "-S", "-c")
"""Python without packages that are installed, as nothing here needs any: it starts sooner."""

ELECTOR = "floe_compiler.components.orchestrator_dagster.elector"

DRIVER = """
import http.client, json, os, random, socket, sys
from pathlib import Path
import elector.__main__ as main
import elector.election
from elector.options import parse

def run(port, account, name, steps, *arguments):
    socket.gethostname = lambda: name
    if steps:  # the wall clock jumps
        random.seed()
        elector.election.wall_clock = lambda: f"20{random.randrange(10, 99)}-01-01T00:00:00.000000Z"
    main.ACCOUNT = Path(account)
    os.environ.update(KUBERNETES_SERVICE_HOST="127.0.0.1", KUBERNETES_SERVICE_PORT=port)
    plain = lambda seconds: http.client.HTTPConnection("127.0.0.1", int(port), timeout=seconds)
    connect = main.in_cluster if (main.ACCOUNT / "ca.crt").exists() else plain
    return main.serve(parse(arguments), connect, main.ACCOUNT)

def start(arguments, output, environment):
    pid = os.fork()
    if pid:
        return pid
    os.setsid()
    for stream, path, flags in ((0, os.devnull, os.O_RDONLY), (1, output, os.O_WRONLY | os.O_APPEND)):
        os.dup2(os.open(path, flags), stream)
    os.dup2(1, 2)
    if environment is not None:
        os.environ.clear()
        os.environ.update(environment)
    sys.exit(run(*arguments))

def ended(pid):
    found, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if found else None

while line := sys.stdin.readline():
    name, *given = json.loads(line)
    print(json.dumps({"start": start, "ended": ended}[name](*given)), flush=True)
"""
"""Forks an elector for each line that asks for one: most of the time of a start would be imports."""

PROGRAM = """
import fcntl, os, signal, sys, time
log, name, stubborn = sys.argv[1:]
if stubborn:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
def tell(word):
    with open(log, "a") as file:
        file.write(f"{word} {time.clock_gettime(time.CLOCK_BOOTTIME):.3f} {name} {os.getpid()} {os.getppid()}\\n")
lock = open(log + ".lock", "w")
try:
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
except BlockingIOError:
    tell("overlap")
tell("start")
while True:
    time.sleep(60)
"""


class Times(NamedTuple):
    """The times of an election, in seconds."""

    duration: float = 8
    renew_deadline: float = 5
    retry: float = 1
    stop: float = 1


FAST = Times(3, 2, 0.25, 0.3)


class Start(NamedTuple):
    """A start of the program: when, in which pod, and its process and that of its fence."""

    word: str
    when: float
    pod: str
    process: int
    fence: int


@cache
def rendered_package() -> Path:
    """Return the folder of the package as the compiler renders it: without the compiler, whose import takes long.

    It is the same for all pods, so that Python compiles it once.
    """
    folder = Path(mkdtemp(prefix="elector-"))
    atexit.register(rmtree, folder)
    (folder / "elector").mkdir()
    for file in files(ELECTOR).iterdir():
        if file.name.endswith(".py"):
            (folder / "elector" / file.name).write_text(file.read_text("utf-8"))
    return folder


@cache
def _driver() -> subprocess.Popen[str]:
    """Start the process that forks electors; it ends with this one."""
    process = subprocess.Popen(
        [*PYTHON, DRIVER], cwd=rendered_package(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    atexit.register(process.communicate)
    return process


def _answer_of(*words: object) -> Any:
    """Return the answer of that process."""
    driver = _driver()
    assert driver.stdin
    assert driver.stdout
    driver.stdin.write(f"{json.dumps(words)}\n")
    driver.stdin.flush()
    return json.loads(driver.stdout.readline())


class Elector:
    """The process of an elector."""

    def __init__(self, arguments: Sequence[str], output: Path, environment: Mapping[str, str] | None) -> None:
        self.pid: int = _answer_of("start", arguments, str(output), environment and dict(environment))
        self._code: int | None = None

    def poll(self) -> int | None:
        """Return its exit code, less than 0 if a signal has ended it; None: it runs."""
        if self._code is None:
            self._code = _answer_of("ended", self.pid)
        return self._code

    def wait(self, seconds: float = 30) -> int | None:
        """Return its exit code once it has ended."""
        eventually(lambda: self.poll() is not None, seconds)
        return self._code


def now() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Pod:
    """A pod: its elector, its fence and its program."""

    def __init__(
        self,
        name: str,
        folder: Path,
        api: int,
        times: Times,
        *more: str,
        steps: bool = False,
        stubborn: bool = False,
        program: Sequence[str] = (),
        account: Mapping[str, str] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.name, self.log, self.port = name, folder / "log", free_port()
        self.output = folder / f"{name}.out"
        self.output.touch()
        own = folder / name
        own.mkdir(exist_ok=True)
        for key, text in (account or {"token": name, "namespace": "sales"}).items():
            (own / key).write_text(text)
        options = [f"--{key.replace('_', '-')}={value}" for key, value in times._asdict().items()]
        program = program or [*PYTHON, PROGRAM, str(self.log), name, "yes" if stubborn else ""]
        driven = [str(api), str(own), name, "yes" if steps else ""]
        arguments = ["--lease=leader", "--rivals=app=daemon,!elector", f"--port={self.port}", *options, *more]
        self.elector = Elector([*driven, *arguments, "--", *program], self.output, environment)

    def starts(self) -> list[Start]:
        """Return the starts of the program in all pods."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        fields = [line.split() for line in lines]
        return [
            Start(line[0], float(line[1]), line[2], int(line[3]), int(line[4])) for line in fields if len(line) == 5
        ]

    def processes(self) -> list[int]:
        """Return the elector, and the fence and the program if it leads."""
        own = [start for start in self.starts() if start.pod == self.name]
        last = [own[-1].fence, own[-1].process] if own else []
        return [self.elector.pid, *(pid for pid in last if alive(pid))]

    def signal(self, number: int, *which: int) -> None:
        """Send a signal to these processes (default: all)."""
        for pid in which or self.processes():
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def end(self) -> None:
        """End all processes."""
        for number in (signal.SIGCONT, signal.SIGKILL):
            self.signal(number)
        self.elector.wait()


def alive(pid: int) -> bool:
    """Return whether a process lives; one that is only not yet waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def eventually(holds: Callable[[], object], seconds: float = 30) -> None:
    """Wait until something holds; raise AssertionError if it does not."""
    end = now() + seconds
    while not holds():
        assert now() < end, holds
        time.sleep(0.05)


@contextmanager
def running(*pods: Pod) -> Iterator[None]:
    """End the pods in the end."""
    try:
        yield
    finally:
        for pod in pods:
            pod.end()
