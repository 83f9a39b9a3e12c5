"""Which requests Airflow's provider for Amazon sends to an S3 store before a log, and which answers it needs."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from airflow_program import NEEDS_AIRFLOW, program
from floe_compiler.components.orchestrator_airflow.logs import connection
from products import STORE

pytestmark = [pytest.mark.real, NEEDS_AIRFLOW]

SENDS = """
from airflow.providers.amazon.aws.log.s3_task_handler import S3RemoteLogIO

remote = S3RemoteLogIO(remote_base="s3://warehouse", base_log_folder="logs", delete_local_copy=False)
print("sent", remote.write("a line", "s3://warehouse/airflow-logs/sales__shop/run/attempt=1.log"))
"""


@contextmanager
def s3(missing: int) -> Iterator[tuple[str, list[str]]]:
    """Run a store that answers with this status for a missing object; yield its URL, and the requests."""
    requests: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *words: object) -> None:
            """Say nothing."""

        def answer(self, status: int) -> None:
            requests.append(f"{self.command} {status}")
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_HEAD(self) -> None:
            self.answer(missing)

        def do_PUT(self) -> None:
            self.answer(200)

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", requests
        finally:
            server.shutdown()


@pytest.mark.parametrize(
    ("missing", "expected"),
    [(404, ("sent True", ["HEAD 404", "PUT 200"])), (403, ("sent False", ["HEAD 403"]))],
)
def test_a_log_is_sent_only_if_the_store_has_none(
    missing: int, expected: tuple[str, list[str]], tmp_path: Path
) -> None:
    with s3(missing) as (url, requests):
        (variable,) = connection(STORE)
        keys = {"AWS_ACCESS_KEY_ID": "user", "AWS_SECRET_ACCESS_KEY": "its-key", "AWS_DEFAULT_REGION": "us-east-1"}
        done = subprocess.run(
            [str(Path(program()).with_name("python")), "-c", SENDS],
            env={
                **keys,
                variable.name: variable.value,
                "AIRFLOW__LOGGING__REMOTE_LOG_CONN_ID": "logs",
                "AIRFLOW_HOME": str(tmp_path),
                "AWS_ENDPOINT_URL_S3": url,
                "HOME": str(tmp_path),
                "PATH": "/usr/bin:/bin",
            },
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
    sent = [line for line in done.stdout.splitlines() if line.startswith("sent")]
    assert (*sent, requests) == expected, done.stdout + done.stderr
