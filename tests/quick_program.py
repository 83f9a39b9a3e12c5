"""`floe-compile` as a program that starts at once, for tests in which Git or a shell starts it often.

What a start costs is imports. So there is one process that has imported the compiler and has done nothing else. Each
run is a fork of it, with the arguments, streams, working folder and variables of whoever starts the program.
"""

from __future__ import annotations

import fcntl
import importlib
import json
import multiprocessing
import os
import pkgutil
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import traceback
from functools import cache
from pathlib import Path

STARTED_BY_TESTS = """\
#!{python} -ISE
import os, socket, sys, json
with socket.socket(socket.AF_UNIX) as run:
    run.connect({address!r})
    socket.send_fds(run, [b"1"], [0, 1, 2])
    run.sendall(json.dumps([{module!r}, sys.argv[1:], os.getcwd(), dict(os.environ)]).encode())
    run.shutdown(socket.SHUT_WR)
    answer = run.recv(9)
os._exit(int(answer or 70))
"""


def quick_program(folder: Path, module: str = "floe_compiler.program", name: str = "floe-compile") -> Path:
    """Write a program, such as `floe-compile`, into a folder, and return its path: it runs `main` of a module."""
    program = folder / name
    folder.mkdir(parents=True, exist_ok=True)
    program.write_text(STARTED_BY_TESTS.format(python=sys.executable, address=_server(), module=module))
    program.chmod(0o755)
    return program


@cache
def _server() -> str:
    """Return the address of the process that forks, of which there is one for all processes that share the tests."""
    first = multiprocessing.parent_process()
    owner = first.pid if first else os.getpid()
    folder = Path(tempfile.gettempdir(), f"floe-{owner}")
    folder.mkdir(exist_ok=True)
    address = folder / "socket"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not address.exists():
            _started.append(_start(address, owner or 0))
    return str(address)


_started: list[subprocess.Popen[bytes]] = []
"""The process that forks, if this one has started it."""


def _start(address: Path, owner: int) -> subprocess.Popen[bytes]:
    path = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, __file__, str(address), str(owner)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, **path}, cwd=address.parent)
    assert server.stdout
    server.stdout.readline()  # It listens.
    server.stdout.close()
    return server


def _import_all() -> None:
    """Import what runs import."""
    from floe_compiler import commands, report
    from floe_compiler.components import registry

    for package in (commands, report):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    # pre-commit runs this program in turn.
    for name in (
        "pre_commit.main",
        "floe_compiler.pipeline",
        "commands.fake_pipeline",
        "deepdiff",
        "jsonschema",
        "ruamel.yaml",
        "yaml",
    ):
        importlib.import_module(name)
    registry()


def _serve(address: str, owner: int) -> None:
    """Run a fork for each connection, until the process that has begun the tests ends."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen()
        sys.stdout.write("\n")
        sys.stdout.flush()
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # The system forgets forks that have ended.
        while _is_alive(owner):
            if not select.select([listener], [], [], 1)[0]:
                continue
            connection, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                _run(connection)
            connection.close()


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def _run(connection: socket.socket) -> None:
    """Run the program that a connection asks for, answer with its exit code, and end this process."""
    code = 70
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        _, streams, *_ = socket.recv_fds(connection, 1, 3)
        with connection.makefile() as request:
            module, arguments, folder, variables = json.load(request)
        for descriptor, stream in enumerate(streams):
            os.dup2(stream, descriptor)
            os.close(stream)
        for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
            setattr(sys, name, open(number, mode, closefd=False))  # noqa: SIM115 -- as long as the process
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(variables)
        sys.argv = ["program", *arguments]
        code = importlib.import_module(module).main()
        sys.stdout.flush()
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        connection.sendall(str(code).encode())
        os._exit(code)


if __name__ == "__main__":
    _import_all()
    try:
        _serve(sys.argv[1], int(sys.argv[2]))
    finally:
        shutil.rmtree(Path(sys.argv[1]).parent, ignore_errors=True)
