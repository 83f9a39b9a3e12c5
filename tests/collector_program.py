"""The OpenTelemetry Collector as it is rendered, with what is open to senders outside the cluster.

The program `otelcol-k8s` or `otelcol` must be on the PATH.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from dagster_program import free_port
from floe_compiler.components.collector_opentelemetry import COMPONENT
from floe_compiler.components.collector_opentelemetry.configuration import HEALTH, TOKEN_FILE
from support import DEVELOPMENT, context_of

PROGRAM = next(filter(None, map(shutil.which, ("otelcol-k8s", "otelcol", "otelcol-contrib"))), None)
SPAN = {"traceId": "5b8efff798038103d269b633813fc60c", "spanId": "eee19b7ec3c1b174", "name": "from outside", "kind": 1}
TRACES = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [SPAN]}]}]}).encode()
TOKEN = "a-token-of-thirty-two-characters"


def has_tokens() -> bool:
    """Return whether the program has the extension for tokens, as that of the image does."""
    if PROGRAM is None:
        return False
    listed = subprocess.run([PROGRAM, "components"], capture_output=True, text=True, timeout=60, check=False)
    return "bearertokenauth" in listed.stdout


NEEDS_COLLECTOR = pytest.mark.skipif(
    not has_tokens(), reason="no OpenTelemetry Collector (otelcol-k8s, otelcol) with bearertokenauth is on the PATH"
)


@contextmanager
def open_to_outside(folder: Path) -> Iterator[Mapping[int, int]]:
    """Run the rendered configuration, but for ports that are free here; yield these by the declared ones."""
    (server,) = COMPONENT.build(context_of(COMPONENT, {"outside": True}, settings=DEVELOPMENT)).workloads
    text = server.pod.containers[0].config[0].text.replace(TOKEN_FILE, str(folder / "token"))
    ports = {port.number: free_port() for port in server.ports()}
    for declared, free in ports.items():
        text = text.replace(f"0.0.0.0:{declared}", f"127.0.0.1:{free}").replace(f"port: {declared}", f"port: {free}")
    (folder / "token").write_text(TOKEN)
    with running(folder, text, f"http://127.0.0.1:{ports[HEALTH.number]}/"):
        yield ports


@contextmanager
def sending(folder: Path, address: str, host: str, authority: str, token: str) -> Iterator[int]:
    """Run a collector outside the cluster, which sends all at once to `host` at `address`; yield its port for HTTP.

    It answers as the other side does: 200 if that has taken what was sent.
    """
    port, health = free_port(), free_port()
    (folder / "ca.crt").write_text(authority)
    exporter = {
        "endpoint": address,
        "tls": {"ca_file": f"{folder}/ca.crt", "server_name_override": host},
        "headers": {"authorization": f"Bearer {token}"},
        "sending_queue": {"enabled": False},
        "retry_on_failure": {"enabled": False},
    }
    configuration = {
        "receivers": {"otlp": {"protocols": {"http": {"endpoint": f"127.0.0.1:{port}"}}}},
        "exporters": {"otlp_grpc": exporter},
        "extensions": {"health_check": {"endpoint": f"127.0.0.1:{health}"}},
        "service": {
            "extensions": ["health_check"],
            "telemetry": {"metrics": {"level": "none"}},
            "pipelines": {"traces": {"receivers": ["otlp"], "exporters": ["otlp_grpc"]}},
        },
    }
    with running(folder, json.dumps(configuration), f"http://127.0.0.1:{health}/"):
        yield port


def accepted(port: int) -> int:
    """Return how many spans a collector has taken over gRPC from outside, by its metrics on this port."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    match = re.search(
        r'^otelcol_receiver_accepted_spans\S*\{.*receiver="otlp/outside".*transport="grpc".*\} (\d+)$', text, re.M
    )
    return int(match[1]) if match else 0


@contextmanager
def running(folder: Path, configuration: str, health: str) -> Iterator[None]:
    """Run the program until the end of the block; raise AssertionError with its log if it does not become healthy."""
    (folder / "relay.yaml").write_text(configuration)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([str(PROGRAM), f"--config={folder}/relay.yaml"], stdout=log, stderr=log)
        try:
            for _ in range(150):
                if process.poll() is None and status(health) == 200:
                    break
                time.sleep(0.1)
            else:
                raise AssertionError((folder / "log").read_text())
            yield
        finally:
            process.terminate()
            process.wait(30)


def status(url: str, body: bytes | None = None, **headers: str) -> int:
    """Return the status of an answer over HTTP; 0 if there is none."""
    request = urllib.request.Request(url, body, {"Content-Type": "application/json", **headers})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        return refused.code
    except OSError:
        return 0
