"""What a collector does with OTLP from outside the cluster, in the program itself: only the token opens it."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from dagster_program import free_port
from floe_compiler.components.collector_opentelemetry import COMPONENT
from floe_compiler.components.collector_opentelemetry.configuration import OUTSIDE_GRPC, OUTSIDE_HTTP, TOKEN_FILE
from support import DEVELOPMENT, context_of

PROGRAM = next(filter(None, map(shutil.which, ("otelcol-k8s", "otelcol", "otelcol-contrib"))), None)
TOKEN = "a-token-of-thirty-two-characters"
SPAN = {"traceId": "5b8efff798038103d269b633813fc60c", "spanId": "eee19b7ec3c1b174", "name": "from outside", "kind": 1}
TRACES = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [SPAN]}]}]}).encode()
NOTHING = bytes(5)
"""A message of gRPC without content: that there is no span."""


def has_tokens() -> bool:
    """Return whether the program has the extension for tokens, as that of the image does."""
    if PROGRAM is None:
        return False
    listed = subprocess.run([PROGRAM, "components"], capture_output=True, text=True, timeout=60, check=False)
    return "bearertokenauth" in listed.stdout


pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(
        not has_tokens(), reason="no OpenTelemetry Collector (otelcol-k8s, otelcol) with bearertokenauth is on the PATH"
    ),
]


@pytest.fixture
def collector(tmp_path: Path) -> Iterator[Mapping[int, int]]:
    """Run the rendered configuration, but for ports that are free here; yield these."""
    (server,) = COMPONENT.build(context_of(COMPONENT, {"outside": True}, settings=DEVELOPMENT)).workloads
    text = server.pod.containers[0].config[0].text.replace(TOKEN_FILE, str(tmp_path / "token"))
    ports = {port.number: free_port() for port in server.ports()}
    for declared, free in ports.items():
        text = text.replace(f"0.0.0.0:{declared}", f"127.0.0.1:{free}").replace(f"port: {declared}", f"port: {free}")
    (tmp_path / "token").write_text(TOKEN)
    (tmp_path / "relay.yaml").write_text(text)
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen([str(PROGRAM), f"--config={tmp_path}/relay.yaml"], stdout=log, stderr=log)
        try:
            for _ in range(150):
                if process.poll() is None and status(f"http://127.0.0.1:{ports[13133]}/") == 200:
                    break
                time.sleep(0.1)
            else:
                raise AssertionError((tmp_path / "log").read_text())
            yield ports
        finally:
            process.terminate()
            process.wait(30)


def status(url: str, body: bytes | None = None, **headers: str) -> int:
    request = urllib.request.Request(url, body, {"Content-Type": "application/json", **headers})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        return refused.code
    except OSError:
        return 0


def test_over_http_only_who_has_the_token_gets_in(collector: Mapping[int, int]) -> None:
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
def test_over_grpc_too(header: tuple[str, ...], code: str, collector: Mapping[int, int], tmp_path: Path) -> None:
    (tmp_path / "message").write_bytes(NOTHING)
    service = "opentelemetry.proto.collector.trace.v1.TraceService/Export"
    sent = [option for one in ("Content-Type: application/grpc", "TE: trailers", *header) for option in ("-H", one)]
    sent += ["--data-binary", f"@{tmp_path}/message", f"http://127.0.0.1:{collector[OUTSIDE_GRPC.number]}/{service}"]
    answer = subprocess.run(
        ["curl", "-sS", "--http2-prior-knowledge", "-D", "-", "-o", "/dev/null", *sent],
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert f"grpc-status: {code}" in answer.stdout.splitlines()
