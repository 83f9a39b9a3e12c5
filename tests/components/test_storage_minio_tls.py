"""TLS of MinIO: what is rendered for the server and its clients, and the real programs with it."""

from __future__ import annotations

import json
import os
import shutil
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from backup_programs import rclone, sandboxed
from certificates import Authority, authority
from floe_compiler.components import backup_minio
from floe_compiler.components.storage_minio import COMPONENT
from floe_compiler.kit.backups.rclone import store_variables
from floe_compiler.kit.minio import OWN
from floe_compiler.kit.own_store import object_store
from floe_compiler.model.capabilities import BackupStore, DatabaseBackups
from floe_compiler.model.facts import Container
from floe_compiler.model.trust import Trust
from support import DEVELOPMENT, context_of, unit_of

SECURE = replace(DEVELOPMENT, trust=Trust("company-ca"), tls_issuer="acme-internal")
HOST = "minio.floe-platform.svc.cluster.local"
OURS, OTHERS = authority("Ours"), authority("Others")
RENEWED = 65
"""After how many seconds a renewed certificate is used: it asks every minute."""


def server(settings: Any = SECURE) -> Container:
    (workload,) = COMPONENT.build(context_of(COMPONENT, settings=settings)).workloads
    return workload.pod.containers[0]


def _backup_store() -> BackupStore:
    """Return the store of backups as their Jobs know it."""
    (backups,) = backup_minio.COMPONENT.provides(context_of(backup_minio.COMPONENT, settings=SECURE).instance)
    assert isinstance(backups, DatabaseBackups)
    assert backups.store
    return backups.store


def test_clients_are_told_to_use_tls() -> None:
    store = object_store(OWN, context_of(COMPONENT, settings=SECURE).instance)
    assert (store.url, store.endpoint.port().tls) == (f"https://{HOST}:9000", True)
    for task in COMPONENT.build(context_of(COMPONENT, settings=SECURE)).tasks:
        env = {variable.name: variable.value for variable in task.pod.containers[0].variables}
        assert env["STORE_URL"] == f"https://{HOST}:9000"
    backups = _backup_store()
    env = {variable.name: variable.value for variable in store_variables(backups)}
    assert env["RCLONE_CONFIG_STORE_ENDPOINT"] == f"https://{HOST}:9000"


def test_the_server_finds_its_certificate_under_its_own_names() -> None:
    objects = unit_of(COMPONENT, context_of(COMPONENT, settings=SECURE)).objects
    (statefulset,) = (manifest for manifest in objects if manifest["kind"] == "StatefulSet")
    spec = statefulset["spec"]["template"]["spec"]
    (volume,) = (volume["secret"] for volume in spec["volumes"] if volume["name"] == "certificate")
    assert volume["secretName"] == "minio-server-tls"
    assert {item["path"]: item["key"] for item in volume["items"]} == {
        "public.crt": "tls.crt",
        "private.key": "tls.key",
    }
    (container,) = spec["containers"]
    folder = container["args"][container["args"].index("--certs-dir") + 1]
    assert {"name": "certificate", "mountPath": folder, "readOnly": True} in container["volumeMounts"]
    probes = [container[name]["httpGet"]["scheme"] for name in ("startupProbe", "livenessProbe", "readinessProbe")]
    assert probes == ["HTTPS"] * 3
    (certificate,) = (manifest for manifest in objects if manifest["kind"] == "Certificate")
    assert {HOST, f"*.minio-headless.{HOST.partition('.')[2]}"} <= set(certificate["spec"]["dnsNames"])


def test_without_an_issuer_nothing_uses_tls() -> None:
    plain = server(replace(SECURE, tls_issuer=""))
    assert "--certs-dir" not in plain.arguments
    assert not plain.certificate_files
    assert not [port for port in plain.ports if port.tls or port.scheme != "http"]


@dataclass(frozen=True)
class Running:
    """A rendered server, on a read-only root."""

    folder: Path
    ports: Mapping[str, int]

    def url(self, port: str, path: str = "") -> str:
        return f"https://127.0.0.1:{self.ports[port]}{path}"

    def get(self, port: str, path: str, trusted: Authority, body: object = None) -> int:
        """Return the status of an answer; raise URLError if the server is not trusted."""
        context = ssl.create_default_context(cadata=trusted.pem)
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url(port, path), data, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, context=context, timeout=10) as answer:
            status: int = answer.status
        return status

    def served_certificate(self, port: str) -> str:
        return ssl.get_server_certificate(("127.0.0.1", self.ports[port]))

    def ask(self, trusted: Authority, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a client that trusts an authority in the same way as all containers."""
        roots = self.folder / "roots.pem"
        roots.write_text(trusted.pem)
        env = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "SSL_CERT_FILE": str(roots)}
        return subprocess.run(
            command, env={**env, **variables}, capture_output=True, text=True, timeout=60, check=False
        )


def write_certificate(folder: Path, certificate: Path) -> None:
    """Write a certificate as the kubelet does, under the names that the container declares."""
    for path, key in server().certificate_files:
        (certificate / key).rename(certificate / path)
        if not (folder / path).is_symlink():
            (folder / path).symlink_to(f"..data/{path}")
    (folder / "..next").symlink_to(certificate.name)
    (folder / "..next").rename(folder / "..data")


@pytest.fixture
def minio(tmp_path: Path) -> Iterator[Running]:
    program, container = shutil.which("minio"), server()
    if not program or not sandboxed():
        pytest.skip("needs the program minio, and bubblewrap with user namespaces")
    for name in ("data", "tls"):
        (tmp_path / name).mkdir()
    write_certificate(tmp_path / "tls", OURS.issue(tmp_path / "tls" / "..first", HOST))
    ports = {}
    for port in container.ports:
        with socket.socket() as reserved:
            reserved.bind(("127.0.0.1", 0))
            ports[port.name] = reserved.getsockname()[1]
    (tmp_path / "username").write_text("minio-admin")
    (tmp_path / "password").write_text("secret-of-admin")
    (tmp_path / "roots.pem").write_text(OURS.pem)
    command = ["bwrap", "--unshare-user", "--uid", "1000", "--gid", "1000", "--die-with-parent", "--clearenv"]
    for path in ("/usr", "/lib", "/lib64"):
        command += ["--ro-bind-try", path, path]
    command += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--bind", str(tmp_path / "data"), "/data"]
    for source, mount in (("tls", container.certificate), ("roots.pem", "/roots.pem")):
        command += ["--ro-bind", str(tmp_path / source), mount]
    for file in container.secret_files:
        command += ["--ro-bind", str(tmp_path / file.secret.key), file.path]
    command += ["--ro-bind", program, "/programs/minio", "--remount-ro", "/"]
    values = {variable.name: variable.value for variable in container.variables}
    for name, value in {**values, "PATH": "/programs", "SSL_CERT_FILE": "/roots.pem"}.items():
        command += ["--setenv", name, value]
    arguments = [f":{ports['console']}" if word == ":9001" else word for word in container.arguments]
    address = ("--address", f"127.0.0.1:{ports['api']}")
    running = Running(tmp_path, ports)
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen([*command, "--", *container.command, *arguments, *address], stdout=log, stderr=log)
    try:
        for _ in range(100):
            try:
                running.get("api", "/minio/health/ready", OURS)
                running.served_certificate("console")  # which begins a little later
                break
            except OSError:
                time.sleep(0.2)
        else:
            raise AssertionError((tmp_path / "log").read_text())
        yield running
    finally:
        process.terminate()
        process.wait(30)


@pytest.mark.real
def test_clients_verify_the_server(minio: Running) -> None:
    with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
        minio.get("api", "/minio/health/ready", OTHERS)
    with pytest.raises(urllib.error.HTTPError, match="400"):
        urllib.request.urlopen(f"http://127.0.0.1:{minio.ports['api']}/minio/health/ready", timeout=10)
    assert minio.get("api", "/minio/v2/metrics/cluster", OURS) == 200, "Prometheus"
    # The console logs in at the API of its own server, over TLS, too.
    login = {"accessKey": "minio-admin", "secretKey": "secret-of-admin"}
    assert minio.get("console", "/api/v1/login", OURS, login) == 204


@pytest.mark.real
@pytest.mark.skipif(not shutil.which("mc"), reason="needs the program mc")
def test_the_task_creates_buckets_over_tls(minio: Running) -> None:
    (task, *_) = COMPONENT.build(context_of(COMPONENT, settings=SECURE)).tasks
    container = task.pod.containers[0]
    for file in container.config:
        (minio.folder / Path(file.path).name).write_text(file.text)
    for user in ("administrator", "client"):
        (minio.folder / user).mkdir()
        (minio.folder / user / "username").write_text("minio-admin" if user == "administrator" else "warehouse")
        (minio.folder / user / "password").write_text("secret-of-admin")
    env = {variable.name: variable.value for variable in container.variables} | {
        "HOME": str(minio.folder),
        "STORE_URL": minio.url("api"),
        "ADMINISTRATOR": str(minio.folder / "administrator"),
        "CLIENT": str(minio.folder / "client"),
        "POLICY": str(minio.folder / "warehouse-policy.json"),
        "ATTEMPTS": "1",
    }
    command = ("bash", str(minio.folder / "minio-buckets.sh"), *container.arguments)
    assert "certificate signed by unknown authority" in minio.ask(OTHERS, *command, **env).stderr
    done = minio.ask(OURS, *command, **env)
    assert done.returncode == 0, done.stderr

    if program := rclone():
        backups = _backup_store()
        env = {variable.name: variable.value for variable in store_variables(backups)} | {
            "RCLONE_CONFIG_STORE_ENDPOINT": minio.url("api"),
            "RCLONE_CONFIG_STORE_ACCESS_KEY_ID": "warehouse",
            "RCLONE_CONFIG_STORE_SECRET_ACCESS_KEY": "secret-of-admin",
        }
        sent = (program, "copyto", str(minio.folder / "log"), "store:warehouse/log", "--retries", "1")
        assert "unknown authority" in minio.ask(OTHERS, *sent, **env).stderr
        copied = minio.ask(OURS, *sent, **env)
        assert copied.returncode == 0, copied.stderr


@pytest.mark.real
def test_a_renewed_certificate_is_used_without_a_restart(minio: Running) -> None:
    before = minio.served_certificate("api")
    write_certificate(minio.folder / "tls", OURS.issue(minio.folder / "tls" / "..second", HOST))
    for _ in range(RENEWED):
        if minio.served_certificate("api") != before and minio.served_certificate("console") != before:
            return
        time.sleep(1)
    raise AssertionError("it still has its first certificate")
