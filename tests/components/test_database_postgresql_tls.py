"""TLS of PostgreSQL: what is rendered, and a real server and its clients with it."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from certificates import Authority, authority
from floe_compiler.components.database_postgresql import COMPONENT
from floe_compiler.kit import postgresql
from floe_compiler.model.capabilities import Database
from floe_compiler.model.facts import Container, Parts, containers_of, named_pods
from floe_compiler.model.trust import Trust
from postgresql_server import ADMINISTRATOR, NEEDS_SERVER, SERVERS, USER, first_data
from support import DEVELOPMENT, context_of, unit_of

SECURE = replace(DEVELOPMENT, trust=Trust("company-ca"), tls_issuer="acme-internal")
HOST = "db.floe-platform.svc.cluster.local"
CONFIG = {"server": "db", "databases": [{"database": "catalog", "user": "catalog"}]}
OURS, OTHERS = authority("Ours"), authority("Others")


def build(settings: Any = SECURE) -> Parts:
    return COMPONENT.build(context_of(COMPONENT, CONFIG, settings=settings))


def client() -> Mapping[str, str]:
    """Return the variables of the container that creates the databases, which logs in with psql."""
    ((_, pod),) = ((name, pod) for name, pod in named_pods(build()) if name == "db-databases")
    return {variable.name: variable.value for variable in pod.containers[0].variables}


def test_consumers_are_told_to_verify_the_server() -> None:
    (database,) = COMPONENT.provides(context_of(COMPONENT, CONFIG, settings=SECURE).instance)
    assert isinstance(database, Database)
    assert database.ssl_mode == "verify-full"
    options = "sslmode=verify-full&sslrootcert=/etc/floe-trust/certificates.pem"
    assert postgresql.jdbc_url(database) == f"jdbc:postgresql://{HOST}:5432/catalog?{options}"
    assert (client()["PGSSLMODE"], client()["PGSSLROOTCERT"]) == ("verify-full", "/etc/floe-trust/certificates.pem")


def test_without_an_issuer_nothing_uses_tls() -> None:
    parts = build(replace(SECURE, tls_issuer=""))
    assert not [
        container.certificate
        for _, pod in named_pods(parts)
        for container in containers_of(pod)
        if container.certificate
    ]
    assert not [port for workload in parts.workloads for port in workload.ports() if port.tls]
    assert "PGSSL" not in str(parts)


def test_the_certificate_is_for_the_names_of_the_service_and_of_the_pods() -> None:
    objects = unit_of(COMPONENT, context_of(COMPONENT, CONFIG, settings=SECURE)).objects
    (certificate,) = (manifest for manifest in objects if manifest["kind"] == "Certificate")
    assert certificate["spec"]["issuerRef"] == {
        "group": "cert-manager.io",
        "kind": "ClusterIssuer",
        "name": "acme-internal",
    }
    assert {HOST, f"*.db-headless.{HOST.partition('.')[2]}"} <= set(certificate["spec"]["dnsNames"])
    (server,) = (manifest for manifest in objects if manifest["kind"] == "StatefulSet")
    volumes = {volume["name"]: volume for volume in server["spec"]["template"]["spec"]["volumes"]}
    secret = {"secretName": certificate["spec"]["secretName"], "defaultMode": 0o440}
    assert volumes["certificate"]["secret"] == secret


@dataclass(frozen=True)
class Running:
    """A server with its files in a folder, which other programs reach at an address other than the loopback."""

    folder: Path
    address: str
    port: int

    def ask(self, trusted: Authority, **changes: str) -> subprocess.CompletedProcess[str]:
        """Log in as the task that creates databases does, and ask whether the connection is encrypted."""
        roots = self.folder / "roots.pem"
        roots.write_text(trusted.pem)
        variables = {
            name: value.replace("/etc/floe-trust/certificates.pem", str(roots)) for name, value in client().items()
        }
        connection = {"PGHOSTADDR": self.address, "PGPORT": str(self.port), "PGPASSWORD": ADMINISTRATOR[1]}
        question = "select ssl from pg_stat_ssl where pid = pg_backend_pid()"
        return subprocess.run(
            [str(SERVERS[-1].with_name("psql")), "-XAtqc", question, "-d", "postgres"],
            env={**variables, **connection, **changes},
            capture_output=True,
            text=True,
            timeout=30,
        )

    def certificate(self) -> str:
        """Return the certificate that the server presents."""
        openssl = shutil.which("openssl")
        assert openssl
        handshake = subprocess.run(
            [openssl, "s_client", "-starttls", "postgres", "-connect", f"{self.address}:{self.port}"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=30,
        ).stdout
        return handshake[handshake.index("-----BEGIN") : handshake.index("-----END")]


def own_address() -> str:
    """Return an address of this machine other than the loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            pytest.skip("this machine has no address but the loopback")
        address: str = probe.getsockname()[0]
    if address.startswith("127."):
        pytest.skip("this machine has no address but the loopback")
    return address


def write_certificate(folder: Path, certificate: Path) -> None:
    """Write a certificate as the kubelet does: owned by root, readable by the volume's group, behind a link."""
    for name in ("tls.crt", "tls.key"):
        path = certificate / name
        path.chmod(0o440 if USER else 0o400)
        if USER:
            os.chown(path, 0, pwd.getpwnam(USER).pw_gid)
    certificate.chmod(0o755)
    link = folder / "..next"
    link.symlink_to(certificate)
    link.rename(folder / "..data")
    for name in ("tls.crt", "tls.key"):
        if not (folder / name).is_symlink():
            (folder / name).symlink_to(f"..data/{name}")


# The image's entrypoint, as far as it matters here: it sets up an empty volume, and then becomes the server.
ENTRYPOINT = """#!/bin/bash
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  cp --archive "$FIRST_DATA/." "$PGDATA" || exit 1
fi
exec "$@" -c listen_addresses='*' -c unix_socket_directories="$HERE"
"""


@contextmanager
def running() -> Iterator[Running]:
    (workload,) = build().workloads
    server: Container = workload.pod.containers[0]
    with tempfile.TemporaryDirectory(prefix="floe-postgresql-") as name, socket.socket() as reserved:
        folder = Path(name)
        folder.chmod(0o755)
        paths = {"/run/tls": folder / "tls", "/scripts": folder / "scripts", "/data": folder / "data"}
        for path in paths.values():
            path.mkdir()
        for file in server.config:
            (paths["/scripts"] / Path(file.path).name).write_text(file.text)
        entrypoint = folder / "docker-entrypoint.sh"
        entrypoint.write_text(ENTRYPOINT)
        entrypoint.chmod(0o755)
        write_certificate(paths["/run/tls"], OURS.issue(folder / "first", HOST))
        if USER:
            for path in (folder, paths["/data"]):
                os.chown(path, pwd.getpwnam(USER).pw_uid, -1)
        reserved.bind(("", 0))
        postgres = Running(folder, own_address(), reserved.getsockname()[1])
        reserved.close()
        command = [*server.command, *server.arguments]
        for container_path, local_path in paths.items():
            command = [word.replace(container_path, str(local_path)) for word in command]
        environment = {
            "PATH": f"{folder}:{SERVERS[-1].parent}:/usr/bin:/bin",
            "PGDATA": str(paths["/data"]),
            "PGPORT": str(postgres.port),
            "HERE": name,
            "FIRST_DATA": str(first_data()),
            "CERTIFICATE_CHECK_SECONDS": "0.2",
        }
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                command, user=USER, group=USER, env=environment, stdout=log, stderr=log, process_group=0
            )
        try:
            until(lambda: b"ready to accept connections" in (folder / "log").read_bytes())
            yield postgres
        finally:
            process.terminate()
            process.wait(30)
            os.killpg(process.pid, signal.SIGKILL)  # what looks for new certificates, which ends with the container


def until(happened: Any) -> None:
    """Wait until something has happened."""
    for _ in range(600):
        if happened():
            return
        time.sleep(0.1)
    raise AssertionError("it did not happen")


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with running() as postgres:
        yield postgres


@pytest.mark.real
@NEEDS_SERVER
def test_clients_verify_the_server_and_connect_only_over_tls(server: Running) -> None:
    answer = server.ask(OURS)
    assert answer.stdout == "t\n", answer.stderr + (server.folder / "log").read_text()
    assert "certificate verify failed" in server.ask(OTHERS).stderr
    assert "does not match host name" in server.ask(OURS, PGHOST="elsewhere.floe-platform.svc").stderr
    assert "no encryption" in server.ask(OURS, PGSSLMODE="disable").stderr
    # The exporter beside it, and a port-forward.
    assert server.ask(OURS, PGSSLMODE="disable", PGHOSTADDR="127.0.0.1").stdout == "f\n"


@pytest.mark.real
@NEEDS_SERVER
@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed")
def test_a_renewed_certificate_is_used_without_a_restart(server: Running) -> None:
    before = server.certificate()
    write_certificate(server.folder / "tls", OURS.issue(server.folder / "second", HOST))
    until(lambda: server.certificate() != before)
    assert server.ask(OURS).stdout == "t\n"
