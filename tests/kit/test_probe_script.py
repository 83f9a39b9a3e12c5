"""The script that tests connections, run by busybox, as nobody where the tests may, against servers on the loopback."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.resources import files
from pathlib import Path

import pytest

from postgresql_server import NEEDS_SERVER, SERVERS, USER, copy_first_data

BUSYBOX = shutil.which("busybox")
SCRIPT = files("floe_compiler.kit.sync_tests").joinpath("probe.sh")
NOBODY = 65534

pytestmark = pytest.mark.skipif(BUSYBOX is None, reason="busybox is not installed (Debian: busybox)")


@pytest.fixture(scope="module")
def programs() -> Iterator[Path]:
    """A folder of busybox's programs and the script, which every user may read and nobody write."""
    with tempfile.TemporaryDirectory(prefix="floe-probe-") as name:
        folder = Path(name)
        for program in ("sh", "timeout", "wget", "nc", "sleep", "date", "tr", "true"):
            (folder / program).symlink_to(str(BUSYBOX))
        (folder / "probe.sh").write_text(SCRIPT.read_text())
        folder.chmod(0o555)
        yield folder
        folder.chmod(0o755)


def probe(programs: Path, *probes: str, seconds: int = 0) -> tuple[int, list[str]]:
    """Run the script; each probe is tried once, unless there are `seconds`."""
    ran = subprocess.run(
        [programs / "sh", programs / "probe.sh", "web", str(seconds), *probes],
        env={"PATH": str(programs)},
        cwd="/",
        user=NOBODY if os.geteuid() == 0 else None,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return ran.returncode, ran.stdout.splitlines()


class Answers(BaseHTTPRequestHandler):
    """A server that is healthy at /healthz only."""

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/healthz" else 503)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Write nothing to standard error."""


@pytest.fixture
def http() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Answers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


@contextmanager
def answering(reply: bytes) -> Iterator[str]:
    """A server that answers each connection with some bytes, and closes it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(100)
                    connection.sendall(reply)

        threading.Thread(target=serve, daemon=True).start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def silent() -> Iterator[str]:
    """A server whose queue is full: the kernel answers nobody, as if a policy dropped packets."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        waiting = [socket.socket() for _ in range(3)]
        for connection in waiting:
            connection.setblocking(False)
            connection.connect_ex(listener.getsockname())
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        for connection in waiting:
            connection.close()


@pytest.fixture
def refusing() -> str:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{reserved.getsockname()[1]}"


def test_expected_connections_pass(programs: Path, http: str, refusing: str) -> None:
    probes = ("name localhost", f"tcp {http}", f"http http://{http}/healthz", f"outside {http}", f"denied {refusing}")
    assert probe(programs, *probes) == (0, [f"fine: {target}" for target in probes])


def test_each_failure_names_caller_server_and_reason(programs: Path, http: str, silent: str, refusing: str) -> None:
    code, lines = probe(
        programs,
        "name nowhere.invalid",
        "tcp nowhere.invalid:80",
        f"tcp {refusing}",
        f"tcp {silent}",
        f"http http://{http}/other",
        f"http http://{silent}/healthz",
        f"http http://{refusing}/healthz",
        f"tcp {http}",
    )
    refused = "can't connect to remote host (127.0.0.1): Connection refused"
    assert code == 1
    assert lines[0] == f"fine: tcp {http}"
    assert lines[1:4] == [
        "FAILED: web -> name nowhere.invalid: it has no address",
        "FAILED: web -> tcp nowhere.invalid:80: nc: bad address 'nowhere.invalid'",
        f"FAILED: web -> tcp {refusing}: nc: {refused}",
    ]
    assert lines[4] in (
        f"FAILED: web -> tcp {silent}: no answer in 3 seconds",
        f"FAILED: web -> tcp {silent}: nc: timed out",
    )
    assert lines[5:] == [
        f"FAILED: web -> http http://{http}/other: wget: server returned error: HTTP/1.0 503 Service Unavailable",
        f"FAILED: web -> http http://{silent}/healthz: no answer in 3 seconds",
        f"FAILED: web -> http http://{refusing}/healthz: wget: {refused}",
    ]


def test_a_connection_that_should_be_denied_fails(programs: Path, http: str) -> None:
    reason = "it accepts connections that nothing declares: does the cluster enforce network policies?"
    assert probe(programs, f"denied {http}") == (1, [f"FAILED: web -> denied {http}: {reason}"])


def test_a_denied_connection_to_a_wrong_name_proves_nothing(programs: Path) -> None:
    reason = "nc: bad address 'nowhere.invalid'"
    assert probe(programs, "denied nowhere.invalid:80") == (1, [f"FAILED: web -> denied nowhere.invalid:80: {reason}"])


def test_no_answer_counts_as_denied(programs: Path, silent: str) -> None:
    assert probe(programs, f"denied {silent}") == (0, [f"fine: denied {silent}"])


def test_without_any_connection_a_denial_proves_nothing(programs: Path, http: str, refusing: str) -> None:
    code, lines = probe(programs, f"tcp {refusing}", f"denied {http}")
    assert (code, lines[1]) == (1, f"not tested: denied {http}")


@pytest.mark.parametrize("kind", ["outside", "foreign", "later"])
def test_unreachable_servers_of_others_are_only_reported(kind: str, programs: Path, refusing: str) -> None:
    code, lines = probe(programs, f"{kind} {refusing}", seconds=30)
    assert code == 0
    refused = "nc: can't connect to remote host (127.0.0.1): Connection refused"
    assert lines == [f"not reached, which is only reported: web -> {kind} {refusing}: {refused}"]


def test_only_failed_probes_are_tried_again(programs: Path, http: str, refusing: str) -> None:
    host, _, port = refusing.rpartition(":")
    started = time.monotonic()

    def later() -> None:
        time.sleep(2)
        with socket.create_server((host, int(port))) as listener:
            listener.settimeout(20)
            listener.accept()[0].close()

    thread = threading.Thread(target=later)
    thread.start()
    assert probe(programs, f"tcp {refusing}", f"tcp {http}", seconds=30) == (
        0,
        [f"fine: tcp {http}", f"fine: tcp {refusing}"],
    )
    thread.join()
    assert time.monotonic() - started < 20


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (b"R\0\0\0\x17\0\0\0\x0aSCRAM-SHA-256\0\0", ""),
        (b"E\0\0\0\x20SFATAL\0C28000\0Mno pg_hba.conf entry\0\0", ""),
        (b"E\0\0\0\x20SFATAL\0C57P03\0Mthe database system is starting up\0\0", "it is starting or shutting down"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "it does not answer as PostgreSQL does"),
    ],
)
def test_a_postgresql_server_is_known_by_its_answer(programs: Path, reply: bytes, reason: str) -> None:
    with answering(reply) as address:
        line = f"FAILED: web -> postgresql {address}: {reason}" if reason else f"fine: postgresql {address}"
        assert probe(programs, f"postgresql {address}") == (1 if reason else 0, [line])


@pytest.mark.real
@NEEDS_SERVER
def test_a_real_postgresql_server(programs: Path, refusing: str) -> None:
    host, _, port = refusing.rpartition(":")
    with tempfile.TemporaryDirectory(prefix="floe-postgresql-") as folder:
        if USER:
            os.chown(folder, pwd.getpwnam(USER).pw_uid, -1)
        copy_first_data(Path(folder, "data"))
        Path(folder, "data/pg_hba.conf").write_text("host all all all reject\n")
        settings = ["-c", f"listen_addresses={host}", "-c", f"unix_socket_directories={folder}"]
        process = subprocess.Popen(
            [str(SERVERS[-1]), "-D", f"{folder}/data", "-p", port, *settings], user=USER, stderr=subprocess.DEVNULL
        )
        try:
            code, lines = probe(programs, f"postgresql {refusing}", f"http http://{refusing}/", seconds=0)
            if code and lines[0] != f"fine: postgresql {refusing}":  # it has only begun to start
                code, lines = probe(programs, f"postgresql {refusing}", seconds=30)
            assert lines[0] == f"fine: postgresql {refusing}"
        finally:
            process.terminate()
            process.wait(30)
    code, lines = probe(programs, f"postgresql {refusing}")
    assert code == 1
    assert lines[0].endswith("Connection refused")
