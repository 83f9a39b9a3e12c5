"""Results of quality steps reach the collector, and the step ends as its verification does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

PACKAGE = files("floe_compiler.kit.products")
SCRIPT, VERIFY = str(PACKAGE.joinpath("report_quality.py")), str(PACKAGE.joinpath("verify-contracts.sh"))
# The name of the contract has soda's exit code.
SODA = '#!/bin/sh\nfor last; do :; done\necho "verified $last"\nexit "${last%%-*}"\n'


@contextmanager
def collector(status: int = 200) -> Iterator[tuple[str, list[tuple[str, Any]]]]:
    """Yield the URL of a collector, and what it received: paths and messages."""
    sent: list[tuple[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            sent.append((self.path, json.loads(self.rfile.read(length))))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", sent
        finally:
            server.shutdown()
            thread.join()


def verify(url: str, folder: Path, *contracts: str) -> subprocess.CompletedProcess[str]:
    program = folder / "soda"
    program.write_text(SODA)
    program.chmod(0o755)
    path = f"{folder}:{os.environ['PATH']}"
    return subprocess.run(
        [sys.executable, "-I", SCRIPT, url, "floe-sales-domain", "check", "sh", VERIFY, "source.yml", *contracts],
        env={"PATH": path, "FLOE_PRODUCT": "orders", "FLOE_DOMAIN": "sales"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def counts(message: Any) -> dict[str, int]:
    (metric,) = message["resourceMetrics"][0]["scopeMetrics"][0]["metrics"]
    assert metric["name"] == "floe_quality_contracts"
    outcomes = {}
    for point in metric["gauge"]["dataPoints"]:
        labels = {attribute["key"]: attribute["value"]["stringValue"] for attribute in point["attributes"]}
        outcomes[labels.pop("outcome")] = int(point["asInt"])
        assert labels == {"namespace": "floe-sales-domain", "domain": "sales", "product": "orders", "step": "check"}
    return outcomes


@pytest.mark.parametrize(
    ("contracts", "expected", "code"),
    [
        (("0-a.yml",), {"passed": 1, "failed": 0}, 0),
        (("0-a.yml", "1-b.yml", "3-c.yml"), {"passed": 1, "failed": 2}, 1),
        (("2-warns.yml",), {"passed": 1, "failed": 0}, 0),
    ],
)
def test_contracts_are_counted_by_their_outcome(
    contracts: tuple[str, ...], expected: dict[str, int], code: int, tmp_path: Path
) -> None:
    with collector() as (url, sent):
        run = verify(url, tmp_path, *contracts)
    ((path, message),) = sent
    assert (path, counts(message), run.returncode) == ("/v1/metrics", expected, code)
    assert all(f"verified {contract}" in run.stdout for contract in contracts), "the output of soda is in the log"
    assert run.stderr.count("failed: soda exited") == expected["failed"]


@pytest.mark.parametrize(("contract", "code"), [("0-a.yml", 0), ("1-a.yml", 1)])
def test_a_silent_collector_does_not_fail_the_step(contract: str, code: int, tmp_path: Path) -> None:
    run = verify("http://127.0.0.1:9", tmp_path, contract)
    assert run.returncode == code
    assert "the collector does not take the result" in run.stderr


def test_a_refusing_collector_does_not_fail_the_step(tmp_path: Path) -> None:
    with collector(status=500) as (url, _):
        run = verify(url, tmp_path, "0-a.yml")
    assert (run.returncode, "HTTP Error 500" in run.stderr) == (0, True)
