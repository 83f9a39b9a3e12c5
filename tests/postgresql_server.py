"""A real PostgreSQL server on the loopback, for tests; Debian's package `postgresql` has the programs."""

from __future__ import annotations

import atexit
import fcntl
import multiprocessing
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

SERVERS = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
NEEDS_SERVER = pytest.mark.skipif(not SERVERS, reason="no PostgreSQL server is installed (Debian: postgresql)")
ADMINISTRATOR = ("postgres", "administrators-password", "postgres")
"""User, password and database of the superuser."""

USER = "postgres" if os.geteuid() == 0 else None
"""Who runs the server, which refuses to run as root: None is whoever runs the tests."""


@dataclass(frozen=True)
class Server:
    """A running server, and the folder of its files."""

    folder: Path
    port: int

    def ask(self, user: str, password: str, database: str, statement: str) -> subprocess.CompletedProcess[str]:
        """Return the answer to an SQL statement."""
        address = ["-h", "127.0.0.1", "-p", str(self.port), "-U", user, "-d", database]
        return subprocess.run(
            [str(SERVERS[-1].with_name("psql")), *address, "-XAtqc", statement],
            env={"PGPASSWORD": password},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def log(self) -> str:
        """Return what the server has written."""
        return (self.folder / "log").read_text()


@contextmanager
def running() -> Iterator[Server]:
    """Start a server that logs all statements."""
    with tempfile.TemporaryDirectory(prefix="floe-postgresql-") as name, socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        server = Server(Path(name), reserved.getsockname()[1])
        reserved.close()
        (server.folder / "passwords").mkdir()
        (server.folder / "administrator").write_text(f"{ADMINISTRATOR[1]}\n")
        for path in (server.folder, *server.folder.iterdir()):
            if USER:
                os.chown(path, pwd.getpwnam(USER).pw_uid, -1)
        process = _start(server)
        yield server
        process.terminate()
        process.wait(30)


@cache
def first_data() -> Path:
    """Return the data of a server that has not run yet.

    They are made once for all processes that share the tests, as that takes longer than most tests.
    """
    first = multiprocessing.parent_process()
    folder = Path(tempfile.gettempdir(), f"floe-postgresql-{first.pid if first else os.getpid()}")
    folder.mkdir(exist_ok=True)
    if not first:
        atexit.register(shutil.rmtree, folder)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "data").exists():
            _make_data(folder).rename(folder / "data")
    return folder / "data"


def _make_data(folder: Path) -> Path:
    password = folder / "password"
    password.write_text(f"{ADMINISTRATOR[1]}\n")
    if USER:
        for path in (folder, password):
            os.chown(path, pwd.getpwnam(USER).pw_uid, -1)
    data, initdb = folder / "new", str(SERVERS[-1].with_name("initdb"))
    arguments = [f"--pgdata={data}", "--username=postgres", f"--pwfile={password}", "--auth=scram-sha-256"]
    arguments.append("--no-sync")  # nobody needs the files if the machine stops
    subprocess.run([initdb, *arguments], check=True, user=USER, stdout=subprocess.DEVNULL, timeout=60)
    return data


def copy_first_data(data: Path) -> None:
    """Make the data of a server, whose superuser is `ADMINISTRATOR`."""
    subprocess.run(["cp", "--archive", first_data(), data], check=True, timeout=60)


def _start(server: Server) -> subprocess.Popen[bytes]:
    binaries, data = SERVERS[-1].parent, server.folder / "data"
    copy_first_data(data)
    settings = ["listen_addresses=127.0.0.1", f"unix_socket_directories={server.folder}", "log_statement=all"]
    options = [part for setting in settings for part in ("-c", setting)]
    with (server.folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [str(binaries / "postgres"), "-D", data, "-p", str(server.port), *options], user=USER, stderr=log
        )
    for _ in range(100):
        ready = subprocess.run(
            [str(binaries / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(server.port)], timeout=10, check=False
        )
        if ready.returncode == 0:
            return process
        time.sleep(0.1)
    process.kill()
    process.wait()
    raise RuntimeError(f"the server did not start: {server.log()}")
