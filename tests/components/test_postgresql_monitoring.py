"""The exporter beside PostgreSQL and its role, run against a real server."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest

from floe_compiler.components.database_postgresql import monitoring
from kit.databases.test_postgresql_databases import make
from kit.databases.test_postgresql_databases import password as give_password
from postgresql_server import NEEDS_SERVER, SERVERS, Server, running

SCRIPT = str(files("floe_compiler.components.database_postgresql").joinpath("postgresql-monitor.sh"))


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running() as postgres:
        yield postgres


def monitor(server: Server, password: str) -> subprocess.CompletedProcess[str]:
    """Give the server the role of the exporter, as the compiler's container does."""
    (server.folder / "metrics").write_text(password)
    environment = {
        "PATH": f"{SERVERS[-1].parent}:{os.environ['PATH']}",
        "PGHOST": "127.0.0.1",
        "PGPORT": str(server.port),
        "PGUSER": "postgres",
        "ADMINISTRATOR": str(server.folder / "administrator"),
        "MONITOR": "metrics",
        "PASSWORD": str(server.folder / "metrics"),
    }
    return subprocess.run(["bash", SCRIPT], env=environment, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.real
@NEEDS_SERVER
def test_the_exporters_role_reads_statistics_and_no_data(server: Server) -> None:
    give_password(server, "shop", "one")
    assert make(server, "shop=shopkeeper").returncode == 0
    server.ask("shopkeeper", "one", "shop", "CREATE TABLE t AS SELECT 1 AS secret")
    for password in ("first", "second"):
        setup = monitor(server, password)
        assert (setup.returncode, setup.stdout) == (0, "metrics may read statistics\n"), setup.stderr
        size = "SELECT pg_database_size('shop') > 0, (SELECT sum(size) > 0 FROM pg_ls_waldir())"
        assert server.ask("metrics", password, "postgres", size).stdout == "t|t\n"
    assert server.ask("metrics", "first", "postgres", "SELECT 1").returncode != 0, "its password has changed"
    assert "permission denied for database" in server.ask("metrics", "second", "shop", "SELECT * FROM t").stderr
    assert "second" not in server.log()


@pytest.mark.real
@NEEDS_SERVER
def test_an_empty_password_of_the_exporters_role_is_refused(server: Server) -> None:
    setup = monitor(server, "")
    assert (setup.returncode, setup.stderr) == (1, "the password of metrics is empty\n")


EXPORTER = shutil.which("postgres_exporter") or shutil.which("prometheus-postgres-exporter")


@pytest.mark.real
@NEEDS_SERVER
@pytest.mark.skipif(
    EXPORTER is None, reason="postgres_exporter is not on the PATH (Debian: prometheus-postgres-exporter)"
)
@pytest.mark.parametrize("password", ["the-password", "another"])
def test_the_exporter_has_the_metrics_of_all_alerts(server: Server, password: str, tmp_path: Path) -> None:
    assert EXPORTER is not None
    assert monitor(server, "the-password").returncode == 0
    (tmp_path / "password").write_text(password)
    env = {variable.name: variable.value for variable in monitoring.exporter("sales", "floe-sales-domain").variables}
    env["DATA_SOURCE_URI"] = env["DATA_SOURCE_URI"].replace("5432", str(server.port))
    env["DATA_SOURCE_PASS_FILE"] = str(tmp_path / "password")
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{reserved.getsockname()[1]}"
    command = [EXPORTER, f"--web.listen-address={address}"]
    with subprocess.Popen(command, env=env, cwd=tmp_path, stderr=subprocess.DEVNULL) as process:
        try:
            for _ in range(100):
                try:
                    urllib.request.urlopen(f"http://{address}/", timeout=10).close()
                    break
                except OSError:
                    time.sleep(0.1)
            with urllib.request.urlopen(f"http://{address}/metrics", timeout=30) as answer:
                text = answer.read().decode()
        finally:
            process.terminate()
    wrong = password != "the-password"
    assert f"\npg_up {0 if wrong else 1}\n" in text, "the probe's path answers in both cases"
    used = {name for alert in monitoring.alerts("n", "s", "1Gi") for name in re.findall(r"\bpg_\w+", alert.expression)}
    assert used == {
        "pg_up",
        "pg_database_size_bytes",
        "pg_wal_size_bytes",
        "pg_stat_activity_count",
        "pg_settings_max_connections",
    }
    assert [name for name in sorted(used) if f"\n{name}" not in text] == (sorted(used - {"pg_up"}) if wrong else [])
