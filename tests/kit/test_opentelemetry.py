"""TLS of OTLP receivers and senders: their configuration, and two real collectors with it."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from certificates import Authority, authority
from floe_compiler.components.collector_opentelemetry import COMPONENT
from floe_compiler.kit.opentelemetry import own_tls, to_platform
from floe_compiler.model.capabilities import Collector
from floe_compiler.model.endpoint import Endpoint, Port
from floe_compiler.model.trust import Trust
from support import DEVELOPMENT, context_of

SECURE = replace(DEVELOPMENT, trust=Trust("company-ca"), tls_issuer="acme-internal")
OURS, OTHERS = authority("Ours"), authority("Others")
COLLECTOR = next(filter(None, map(shutil.which, ("otelcol-k8s", "otelcol", "otelcol-contrib"))), None)


def collector(settings: Any) -> Collector:
    (collector_,) = COMPONENT.provides(context_of(COMPONENT, settings=settings).instance)
    assert isinstance(collector_, Collector)
    return collector_


def test_senders_use_tls_only_if_the_receiver_does() -> None:
    host = "otel-collector.floe-platform.svc.cluster.local"
    assert collector(SECURE).grpc.url() == f"https://{host}:4317"
    assert collector(SECURE).http.url() == f"https://{host}:4318"
    assert to_platform(collector(SECURE).grpc) == {"endpoint": f"{host}:4317"}
    assert collector(DEVELOPMENT).grpc.url() == f"http://{host}:4317"
    assert to_platform(collector(DEVELOPMENT).grpc) == {"endpoint": f"{host}:4317", "tls": {"insecure": True}}


def test_a_sender_presents_its_certificate() -> None:
    files = {"cert_file": "/run/client-tls/tls.crt", "key_file": "/run/client-tls/tls.key"}
    tls = to_platform(collector(SECURE).grpc, "/run/client-tls")["tls"]
    assert tls == {**files, "reload_interval": "1m"}
    assert to_platform(collector(DEVELOPMENT).grpc, "/run/client-tls")["tls"] == {"insecure": True}


@pytest.mark.parametrize("settings", [SECURE, DEVELOPMENT], ids=["secure", "plain"])
def test_the_receiver_has_a_certificate_where_senders_use_tls(settings: Any) -> None:
    (workload,) = COMPONENT.build(context_of(COMPONENT, settings=settings)).workloads
    (container,) = workload.pod.containers
    ports = {port.name: port.tls for port in container.ports}
    secure = settings is SECURE
    assert (ports["otlp"], ports["otlp-http"], ports["metrics"]) == (secure, secure, False)
    assert container.certificate == ("/run/tls" if secure else "")
    assert ("cert_file: /run/tls/tls.crt" in container.config[0].text) == secure


def free_port() -> int:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        port: int = reserved.getsockname()[1]
        return port


@contextmanager
def running(folder: Path, pipeline: Mapping[str, Any], **environment: str) -> Iterator[Path]:
    """Run a collector with one pipeline of logs; yield the file with its own log."""
    assert COLLECTOR
    folder.mkdir()
    parts = {kind: list(pipeline[kind]) for kind in ("receivers", "exporters")}
    quiet = {"telemetry": {"metrics": {"level": "none"}}}
    (folder / "relay.yaml").write_text(json.dumps({**pipeline, "service": {**quiet, "pipelines": {"logs": parts}}}))
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [COLLECTOR, f"--config={folder}/relay.yaml"], env={**os.environ, **environment}, stdout=log, stderr=log
        )
    try:
        yield folder / "log"
    finally:
        process.terminate()
        process.wait(30)


def wait_for_log(log: Path, *texts: str) -> str:
    """Return the first of these texts in a log, once there is one."""
    for _ in range(150):
        message = next((text for text in texts if text in log.read_text()), "")
        if message:
            return message
        time.sleep(0.1)
    raise AssertionError(log.read_text())


def sent(folder: Path, trusted: Authority, port: int) -> Mapping[str, Any]:
    """Return the pipeline of a sender, whose authorities are in `roots.pem`."""
    (folder / "roots.pem").write_text(trusted.pem)
    server = Endpoint("localhost", (Port("otlp", port, scheme="https", tls=True),))
    read = {"include": [str(folder / "lines")], "start_at": "beginning"}
    return {"receivers": {"file_log": read}, "exporters": {"otlp_grpc": to_platform(server)}}


@pytest.mark.real
@pytest.mark.skipif(COLLECTOR is None, reason="no OpenTelemetry Collector (otelcol-k8s, otelcol) is on the PATH")
def test_a_collector_sends_to_another_one_only_if_it_trusts_its_authority(tmp_path: Path) -> None:
    port = free_port()
    certificate = OURS.issue(tmp_path / "certificate", "localhost")
    grpc = {"endpoint": f"127.0.0.1:{port}", **own_tls(str(certificate))}
    receives = {"receivers": {"otlp": {"protocols": {"grpc": grpc}}}, "exporters": {"debug": {"verbosity": "basic"}}}
    (tmp_path / "lines").write_text("a line\n")
    roots = {"SSL_CERT_FILE": str(tmp_path / "roots.pem"), "SSL_CERT_DIR": str(tmp_path / "none")}
    refused, received = "certificate signed by unknown authority", '"log records": 1'
    with running(tmp_path / "receiver", receives) as log:
        wait_for_log(log, "Everything is ready")
        with running(tmp_path / "stranger", sent(tmp_path, OTHERS, port), **roots) as stranger:
            assert wait_for_log(stranger, refused, "never") == refused
        assert received not in log.read_text()
        with running(tmp_path / "sender", sent(tmp_path, OURS, port), **roots):
            assert wait_for_log(log, received, "never") == received
