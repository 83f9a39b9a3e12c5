"""`floe-compile` as a program that starts at once, for tests in which Git or a shell starts it often.

What a start costs is imports. So there is one process that has imported the compiler and has done nothing else. Each
run is a fork of it, with the arguments, streams, working folder and variables of whoever starts the program.
"""

from __future__ import annotations

import atexit
import importlib
import json
import os
import pkgutil
import select
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
    """Start the process that forks, which ends with this one, and return the address at which it is asked."""
    folder = tempfile.TemporaryDirectory(prefix="floe-")
    address = f"{folder.name}/socket"
    command = [sys.executable, __file__, address]
    path = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    server = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, **path}, cwd=folder.name
    )
    assert server.stdin
    assert server.stdout
    server.stdout.readline()  # It listens.
    server.stdout.close()
    atexit.register(folder.cleanup)
    atexit.register(server.communicate)
    return address


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


def _serve(address: str) -> None:
    """Run a fork for each connection, until the tests end."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen()
        sys.stdout.write("\n")
        sys.stdout.flush()
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # The system forgets forks that have ended.
        while sys.stdin not in select.select([listener, sys.stdin], [], [])[0]:
            connection, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                _run(connection)
            connection.close()


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
    _serve(sys.argv[1])
