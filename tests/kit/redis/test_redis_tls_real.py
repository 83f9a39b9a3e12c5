"""TLS of the rendered Redis server, with its clients and its exporter."""

from __future__ import annotations

import os
import shutil
import ssl
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from certificates import Authority, authority
from floe_compiler.components.cache_redis import COMPONENT
from floe_compiler.kit import redis
from floe_compiler.kit.redis import RedisServer
from floe_compiler.model.facts import Workload
from floe_compiler.model.trust import Trust
from redis_program import NEEDS_REDIS, PASSWORD, Server, free_port, running
from support import DEVELOPMENT, context_of

SECURE: Any = replace(DEVELOPMENT, trust=Trust("company-ca"), tls_issuer="acme-internal")
OURS, OTHERS = authority("Ours"), authority("Others")
EXPORTER = shutil.which("redis_exporter") or ""

pytestmark = [pytest.mark.real, NEEDS_REDIS]


def workload() -> Workload:
    instance = context_of(COMPONENT, settings=SECURE, scope="sales").instance
    return redis.server(instance, "cache", RedisServer(), "noeviction", monitored=True)


def write_certificate(folder: Path, certificate: Path) -> None:
    """Write a certificate as the kubelet does: behind a link."""
    for name in ("tls.crt", "tls.key"):
        if not (folder / name).is_symlink():
            (folder / name).symlink_to(f"..data/{name}")
    (folder / "..next").symlink_to(certificate.name)
    (folder / "..next").rename(folder / "..data")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    folder = tmp_path / "tls"
    folder.mkdir()
    write_certificate(folder, OURS.issue(folder / "..first", "localhost"))
    (tmp_path / "roots.pem").write_text(OURS.pem)
    options = ("--tls", "--cacert", str(tmp_path / "roots.pem"))
    with running(workload(), tmp_path, folder, options) as redis_server:
        yield redis_server


def refused(server: Server, *options: str) -> str:
    """Return the server's answer to a client with other options."""
    result = subprocess.run(
        ["redis-cli", "-p", str(server.port), *options, "PING"], capture_output=True, text=True, timeout=20, check=False
    )
    return result.stdout + result.stderr


def test_clients_verify_the_server_and_connect_only_over_tls(server: Server, tmp_path: Path) -> None:
    assert server.ask("SET", "key", "value") == "OK"
    roots = tmp_path / "others.pem"
    roots.write_text(OTHERS.pem)
    assert "certificate verify failed" in refused(server, "--tls", "--cacert", str(roots))
    assert "PONG" not in refused(server)
    container = server.container
    for probe in (container.startup, container.liveness, container.readiness):
        assert probe is not None
        assert server.probe(probe.command).returncode == 0


def test_a_renewed_certificate_is_used_without_a_restart(server: Server, tmp_path: Path) -> None:
    before = ssl.get_server_certificate(("127.0.0.1", server.port))
    write_certificate(tmp_path / "tls", OURS.issue(tmp_path / "tls" / "..second", "localhost"))
    for _ in range(100):
        if ssl.get_server_certificate(("127.0.0.1", server.port)) != before:
            break
        time.sleep(0.1)
    else:
        raise AssertionError(server.log.read_text())
    assert server.ask("PING") == "PONG"
    # The way to reload the certificate is not a way in for others.
    assert "WRONGPASS" in refused(server, *server.options, "--no-auth-warning", "--user", "certificates", "--pass", "x")


@pytest.mark.parametrize(("trusted", "answer"), [(OURS, "True"), (OTHERS, "CERTIFICATE_VERIFY_FAILED")])
def test_the_python_client_verifies_it_by_the_variables_of_all_containers(
    trusted: Authority, answer: str, server: Server, tmp_path: Path
) -> None:
    if subprocess.run(["python3", "-c", "import redis"], capture_output=True, check=False).returncode:
        pytest.skip("python3 on the PATH does not have the package redis")
    (tmp_path / "trusted.pem").write_text(trusted.pem)
    code = "import os, redis; print(redis.from_url(os.environ['FLOE_CACHE_URL'], password=os.environ['WORD']).ping())"
    env = {
        "SSL_CERT_FILE": str(tmp_path / "trusted.pem"),
        "FLOE_CACHE_URL": f"rediss://localhost:{server.port}/0",
        "WORD": PASSWORD,
    }
    result = subprocess.run(
        ["python3", "-c", code],
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert answer in result.stdout + result.stderr


@pytest.mark.skipif(not EXPORTER, reason="redis_exporter is not on the PATH (github.com/oliver006/redis_exporter)")
def test_the_exporter_reads_it(server: Server, tmp_path: Path) -> None:
    variables = server.workload.pod.containers[1].variables
    env = {variable.name: variable.value or PASSWORD for variable in variables}
    env["REDIS_ADDR"] = env["REDIS_ADDR"].replace("6379", str(server.port))
    address = f"127.0.0.1:{free_port()}"
    with (tmp_path / "exporter").open("wb") as log:
        process = subprocess.Popen([EXPORTER, f"--web.listen-address={address}"], env=env, stderr=log)
    try:
        for _ in range(100):
            try:
                urllib.request.urlopen(f"http://{address}/health", timeout=10).close()
                break
            except OSError:
                time.sleep(0.1)
        with urllib.request.urlopen(f"http://{address}/metrics", timeout=30) as answer:
            assert "redis_up 1" in answer.read().decode()
    finally:
        process.terminate()
        process.wait(30)
