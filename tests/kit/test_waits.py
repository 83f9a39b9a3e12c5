"""Waits for servers: they end when the server is up, or after a timeout."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from floe_compiler.kit.waits import wait_containers
from floe_compiler.model.endpoint import Endpoint, Port
from kit.samples import DATABASE, OUTSIDE, pod

ELSEWHERE = Endpoint("platform.cluster-x.eu-west-1.rds.example.com", (Port("postgresql", 6432, scheme="postgresql"),))


def wait(folder: Path, *endpoints: Endpoint, seconds: int = 1) -> tuple[int, str]:
    """Run a wait with this timeout, with the programs of the folder first on the PATH."""
    (container,) = wait_containers(pod(waits_for=endpoints))
    *shell, script = container.command
    short = re.sub(r"sleep \d+", "sleep 0.1", script.replace("timeout 240 ", f"timeout {seconds} "))
    environment = {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}
    ran = subprocess.run([*shell, short], env=environment, capture_output=True, text=True, timeout=60, check=False)
    return ran.returncode, ran.stdout


def program(folder: Path, name: str, text: str) -> Path:
    """Put a shell script of that name into the folder."""
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(0o755)
    return folder


def test_a_wait_for_postgresql_ends_when_it_accepts_connections(tmp_path: Path) -> None:
    says = f'echo "$@"; [ -e {tmp_path}/second ] || {{ touch {tmp_path}/second; exit 2; }}'
    code, output = wait(program(tmp_path, "pg_isready", says), DATABASE)
    # Without -U, libpq looks up the name of the process's user, and gives up where there is none.
    arguments = "-q -U postgres -h db.floe-platform.svc.cluster.local -p 5432 -t 2"
    assert (code, output.splitlines()) == (
        0,
        [arguments, "waiting for db.floe-platform.svc.cluster.local:5432", arguments],
    )


def test_a_wait_ends_after_its_timeout_and_names_the_server(tmp_path: Path) -> None:
    code, output = wait(program(tmp_path, "pg_isready", "exit 2"), ELSEWHERE)
    assert code == 1
    assert output.startswith("waiting for platform.cluster-x.eu-west-1.rds.example.com:6432\n")
    assert output.endswith("\nplatform.cluster-x.eu-west-1.rds.example.com:6432 did not come up in 240 seconds\n")


def test_one_wait_covers_all_servers_of_a_kind(tmp_path: Path) -> None:
    up = program(tmp_path, "pg_isready", '[ "$5" != db.floe-platform.svc.cluster.local ]')
    code, output = wait(up, ELSEWHERE, DATABASE, ELSEWHERE)
    assert code == 1
    assert output.startswith("waiting for db.floe-platform"), "the first server is up"


def test_servers_of_other_kinds_are_waited_for_with_another_image() -> None:
    waits = wait_containers(pod(waits_for=(OUTSIDE, DATABASE)))
    assert [(init_container.name, init_container.image.partition(":")[0]) for init_container in waits] == [
        ("wait-for-postgresql", "docker.io/library/postgres"),
        ("wait-for-servers", "docker.io/library/busybox"),
    ]
    assert wait_containers(pod()) == ()


class Answers(BaseHTTPRequestHandler):
    """Healthy from the second request on, and at one path only."""

    requests = 0

    def do_GET(self) -> None:
        Answers.requests += 1
        self.send_response(200 if self.path == "/health" and Answers.requests > 1 else 503)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Write nothing to standard error."""


@pytest.fixture
def port() -> Iterator[int]:
    Answers.requests = 0
    with HTTPServer(("127.0.0.1", 0), Answers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


@pytest.fixture
def busybox(tmp_path: Path) -> Path:
    """Return a folder with busybox in place of the programs that a wait runs."""
    path = shutil.which("busybox")
    if path is None:
        pytest.skip("busybox is not installed (Debian: busybox)")
    for name in ("sh", "timeout", "wget", "nc", "sleep"):
        (tmp_path / name).symlink_to(path)
    return tmp_path


def server(port: int, health: str = "", scheme: str = "http") -> Endpoint:
    return Endpoint("127.0.0.1", (Port("http", port, scheme=scheme, health=health),))


def test_a_wait_for_http_ends_when_the_health_path_answers(busybox: Path, port: int) -> None:
    assert wait(busybox, server(port, "/health"), seconds=30) == (0, f"waiting for 127.0.0.1:{port}\n")
    code, _ = wait(busybox, server(port, "/elsewhere"))
    assert code == 1


def test_a_wait_for_any_other_server_ends_when_it_accepts_connections(busybox: Path, port: int) -> None:
    assert wait(busybox, server(port), seconds=30) == (0, "")
    assert wait(busybox, server(port, "/health", "https"), seconds=30) == (0, ""), "a wait does not verify certificates"
    code, output = wait(busybox, server(1))
    assert (code, output.splitlines()[-1]) == (1, "127.0.0.1:1 did not come up in 240 seconds")
