"""Dagster with a PostgreSQL server, configured by what the compiler renders."""

# mypy: disable-error-code="import-not-found"

from __future__ import annotations

import os
import pwd
import subprocess
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from dagster_program import PASSWORD, PROGRAM, code_server, free_port, parts, variables, write_files
from floe_compiler.model.capabilities import Database
from floe_compiler.model.endpoint import Endpoint, Port
from products import DATABASE, product

dagster = pytest.importorskip("dagster", reason="needs dagster, which is not among the compiler's dependencies")
pytest.importorskip("dagster_postgres", reason="needs dagster-postgres")
SERVERS = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))

pytestmark = [
    pytest.mark.real,
    pytest.mark.filterwarnings("default"),
    pytest.mark.skipif(not SERVERS, reason="no PostgreSQL server is installed (Debian: postgresql)"),
]


@pytest.fixture(scope="module")
def database() -> Iterator[Database]:
    """An empty database of Dagster's, with a password; PostgreSQL refuses to run as root."""
    programs, port = SERVERS[-1].parent, free_port()
    user = "postgres" if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory(prefix="floe-dagster-") as name:
        folder = Path(name)
        (folder / "password").write_text(PASSWORD)
        if user:
            owner = pwd.getpwnam(user)
            for path in (folder, folder / "password"):
                os.chown(path, owner.pw_uid, owner.pw_gid)
        options = ["-A", "scram-sha-256", "-U", "dagster", f"--pwfile={folder}/password"]
        data, run = str(folder / "data"), {"user": user, "cwd": "/", "check": True, "stdout": subprocess.DEVNULL}
        subprocess.run([programs / "initdb", "-D", data, *options], timeout=120, **run)  # type: ignore[call-overload]
        control = [programs / "pg_ctl", "-D", data, "-w", "-o", f"-p {port} -k {name}", "-l", f"{name}/log"]
        subprocess.run([*control, "start"], timeout=60, **run)  # type: ignore[call-overload]
        try:
            created = [programs / "createdb", "-h", "127.0.0.1", "-p", str(port), "-U", "dagster", "dagster"]
            subprocess.run(created, env={"PGPASSWORD": PASSWORD}, timeout=60, **run)  # type: ignore[call-overload]
            server = Endpoint("127.0.0.1", (Port("postgresql", port, scheme="postgresql"),))
            yield replace(DATABASE, endpoint=server)
        finally:
            subprocess.run([*control, "-m", "immediate", "stop"], timeout=60, **run)  # type: ignore[call-overload]


def migrate(database: Database, folder: Path) -> subprocess.CompletedProcess[str]:
    (task,) = parts(product(), database=database).tasks
    (container,) = task.pod.containers
    write_files(task.pod, folder)
    env = variables(container)
    return subprocess.run(
        [PROGRAM, *container.command[1:]],
        env={**os.environ, **env, "DAGSTER_HOME": f"{folder}{env['DAGSTER_HOME']}"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_migration_needs_no_cluster_and_may_run_again(database: Database, tmp_path: Path) -> None:
    for _ in range(2):
        run = migrate(database, tmp_path)
        assert run.returncode == 0, run.stderr


def launched_runs(instance: Any, client: Any) -> Any:
    """Evaluate the schedule of a code location now, as the daemon does."""
    from dagster._core.definitions.timestamp import TimestampWithTimezone
    from dagster._core.remote_origin import GrpcServerCodeLocationOrigin
    from dagster._core.remote_representation.code_location import GrpcServerCodeLocation
    from dagster._core.remote_representation.handle import RepositoryHandle

    origin = GrpcServerCodeLocationOrigin(host="127.0.0.1", port=client.port, location_name="customer-360")
    location = GrpcServerCodeLocation(origin, instance=instance)
    (repository,) = location.get_repositories()
    handle = RepositoryHandle.from_location(repository, location)
    now = TimestampWithTimezone(datetime.now(UTC).timestamp(), "UTC")
    return location.get_schedule_execution_data(instance, handle, "customer_360_schedule", now, None).run_requests


def test_a_code_location_opens_the_database_to_evaluate_its_schedule(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    webserver = parts(product(), database=database).workloads[0]
    home = write_files(webserver.pod, tmp_path / "webserver") / "opt/dagster/dagster_home"
    monkeypatch.setenv("DAGSTER_PG_PASSWORD", PASSWORD)
    with dagster.DagsterInstance.from_config(str(home)) as instance:
        monkeypatch.delenv("DAGSTER_PG_PASSWORD")
        with code_server(product(), tmp_path, database) as client:
            assert len(launched_runs(instance, client)) == 1
