"""What a collector does with OTLP from outside the cluster, in the program itself: senders need the token."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from collector_program import NEEDS_COLLECTOR, TOKEN, TRACES, open_to_outside, status
from floe_compiler.components.collector_opentelemetry.configuration import OUTSIDE_GRPC, OUTSIDE_HTTP

NOTHING = bytes(5)
"""An empty message of gRPC: no spans."""
pytestmark = [pytest.mark.real, NEEDS_COLLECTOR]


@pytest.fixture
def collector(tmp_path: Path) -> Iterator[Mapping[int, int]]:
    with open_to_outside(tmp_path) as ports:
        yield ports


def test_over_http_only_senders_with_the_token_are_accepted(collector: Mapping[int, int]) -> None:
    outside = f"http://127.0.0.1:{collector[OUTSIDE_HTTP.number]}/v1/traces"
    assert status(outside, TRACES) == 401
    assert status(outside, TRACES, Authorization="Bearer another") == 401
    assert status(outside, TRACES, Authorization=TOKEN) == 401, "without the word Bearer"
    assert status(outside, TRACES, Authorization=f"Bearer {TOKEN}") == 200
    assert status(f"http://127.0.0.1:{collector[4318]}/v1/traces", TRACES) == 200, "the platform's own programs"


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not on the PATH")
@pytest.mark.parametrize(
    ("header", "code"),
    [((), "16"), (("Authorization: Bearer another",), "16"), ((f"Authorization: Bearer {TOKEN}",), "0")],
    ids=["no token", "another token", "the token"],
)
def test_over_grpc_only_senders_with_the_token_are_accepted(
    header: tuple[str, ...], code: str, collector: Mapping[int, int], tmp_path: Path
) -> None:
    (tmp_path / "message").write_bytes(NOTHING)
    service = "opentelemetry.proto.collector.trace.v1.TraceService/Export"
    sent = [option for line in ("Content-Type: application/grpc", "TE: trailers", *header) for option in ("-H", line)]
    sent += ["--data-binary", f"@{tmp_path}/message", f"http://127.0.0.1:{collector[OUTSIDE_GRPC.number]}/{service}"]
    answer = subprocess.run(
        ["curl", "-sS", "--http2-prior-knowledge", "-D", "-", "-o", "/dev/null", *sent],
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert f"grpc-status: {code}" in answer.stdout.splitlines()
