"""A server with Redis' protocol as the compiler renders it, run as a pod: another user, a read-only root.

The programs `redis-server` and `redis-cli` must be on the PATH (Debian: redis-server, or valkey-redis-compat).
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from airflow_program import Machine, stopped
from backup_programs import sandboxed
from floe_compiler.model.facts import Container, Workload

MISSING = [
    *([] if shutil.which("redis-server") else ["Redis or Valkey (Debian: redis-server)"]),
    *([] if sandboxed() else ["bubblewrap, with user namespaces"]),
]
NEEDS_REDIS = pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}")
PASSWORD = 'a "b" \\ $c #d'
"""A password of a vault, with everything that a shell or a configuration could take for something else."""


@dataclass(frozen=True)
class Server:
    """A server that runs, its pod, and where its files are."""

    workload: Workload
    machine: Machine
    port: int
    process: subprocess.Popen[bytes]
    log: Path
    options: tuple[str, ...] = ()
    """Those of every client."""

    @property
    def container(self) -> Container:
        """Return the server's container."""
        return self.workload.pod.containers[0]

    def probe(self, command: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
        """Run a command in the server's container, as the kubelet does."""
        return self.machine.run(self.workload.pod, replace(self.container, command=command, arguments=()))

    def ask(self, *words: str, user: str = "default", password: str = PASSWORD) -> str:
        """Return the server's answer to a command of a client."""
        login = ("--no-auth-warning", "--user", user, "--pass", password)
        command = ["redis-cli", "-p", str(self.port), *self.options, *login, *words]
        return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False).stdout.strip()


def free_port() -> int:
    """Return a port that nobody uses."""
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        number: int = reserved.getsockname()[1]
        return number


@contextmanager
def running(
    workload: Workload, folder: Path, certificate: Path | None = None, options: tuple[str, ...] = (), **secrets: str
) -> Iterator[Server]:
    """Run a server until the end of the block.

    `certificate` is the folder with its certificate, `options` are those of all clients, and `secrets` the passwords by
    their files' names. Raises RuntimeError if it does not become ready.
    """
    port = free_port()
    sections: dict[tuple[str, str], str] = {}
    for file in workload.pod.containers[0].secret_files:
        key: Any = (file.secret.secret.name, file.secret.key)
        sections[key] = secrets.get(Path(file.path).name.replace("-", "_"), PASSWORD)
    machine = Machine(folder, sections, {"6379": str(port)})
    folder.joinpath("volumes").mkdir(exist_ok=True)
    log = folder / f"log-{port}"
    command = machine.command(workload.pod, workload.pod.containers[0])
    if certificate:
        mounted = ["--ro-bind", str(certificate), workload.pod.containers[0].certificate]
        mounted += ["--setenv", "CERTIFICATE_CHECK_SECONDS", "0.2"]
        at = command.index("--remount-ro")
        command[at:at] = mounted
    with log.open("wb") as log_file:
        process = subprocess.Popen(command, stdout=log_file, stderr=subprocess.STDOUT)
    server = Server(workload, machine, port, process, log, options)
    try:
        started = workload.pod.containers[0].startup
        assert started is not None
        for _ in range(100):
            if server.probe(started.command).returncode == 0:
                break
            if process.poll() is not None:
                raise RuntimeError(f"the server ended: {log.read_text()}")
            time.sleep(0.1)
        else:
            raise RuntimeError(f"the server is not ready: {log.read_text()}")
        yield server
    finally:
        stopped(process)
