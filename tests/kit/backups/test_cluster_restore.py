"""The rendered restore test, with a backup of a CloudNativePG cluster: by Barman, with its write-ahead log."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from backup_programs import ACCESS_KEY, SECRET_KEY, Machine, needs_programs, store
from floe_compiler.components import backup_s3, database_cloudnative_pg
from kit.backups.test_scripts import BACKUPS
from postgresql_server import ADMINISTRATOR, running
from support import PRODUCTION, context_of, units_of

DATABASE = {
    "type": "cloudnative-pg",
    "databases": [{"database": "shop", "user": "seller"}, {"database": "lineage", "user": "marquez"}],
    "server": "main",
}
DESTINATION = "s3://backups/prod/floe-platform/"
ENDS = ("begin", "end")
needs_barman = pytest.mark.skipif(
    shutil.which("barman-cloud-backup") is None, reason="barman-cloud-backup is not on the PATH (PyPI: barman[cloud])"
)


@cache
def rendered() -> Mapping[str, Any]:
    backup = context_of(backup_s3.COMPONENT, BACKUPS, settings=PRODUCTION)
    capabilities = backup_s3.COMPONENT.provides(backup.instance)
    cluster = context_of(database_cloudnative_pg.COMPONENT, DATABASE, settings=PRODUCTION, capabilities=capabilities)
    objects = units_of((database_cloudnative_pg.COMPONENT, cluster), (backup_s3.COMPONENT, backup)).objects
    return {f"{manifest['kind']}/{manifest['metadata']['name']}": manifest for manifest in objects}


def pod() -> Mapping[str, Any]:
    spec: Mapping[str, Any] = rendered()["CronJob/main-cluster-restore-test"]["spec"]["jobTemplate"]["spec"]
    template: Mapping[str, Any] = spec["template"]["spec"]
    return template


def test_the_test_reads_the_folder_to_which_the_cluster_writes() -> None:
    configuration = rendered()["ObjectStore/main"]["spec"]["configuration"]
    assert configuration["destinationPath"] == DESTINATION
    assert configuration["wal"]["compression"] == configuration["data"]["compression"] == "gzip"
    fetch, *_ = pod()["initContainers"]
    source = next(variable["value"] for variable in fetch["env"] if variable["name"] == "SOURCE")
    assert f"s3://{source}" == f"{DESTINATION}main"


@pytest.fixture(scope="module")
def backups(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a base backup, and send the write-ahead log, as the plugin does; return the folder with the buckets."""
    folder = tmp_path_factory.mktemp("backups")
    (folder / "buckets" / "backups").mkdir(parents=True)
    user, password, _ = ADMINISTRATOR
    environment = {
        "PATH": os.environ["PATH"],
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_DEFAULT_REGION": "eu-central-1",
        "PGPASSWORD": password,
        "HOME": str(folder),
    }
    with running() as server, store(folder / "buckets") as port:
        for database, statement in (
            ("postgres", "CREATE DATABASE shop"),
            ("postgres", "CREATE DATABASE lineage"),
            ("shop", "CREATE TABLE orders AS SELECT n FROM generate_series(1, 50000) n"),
            ("lineage", "CREATE TABLE runs (id int)"),
        ):
            assert server.ask(user, password, database, statement).returncode == 0
        where = ["--endpoint-url", f"http://127.0.0.1:{port}", "--gzip"]
        address = ["--host", "127.0.0.1", "--port", str(server.port), "--user", user, "--immediate-checkpoint"]
        command = ["barman-cloud-backup", *address, *where, DESTINATION, "main"]
        subprocess.run(command, env=environment, check=True, capture_output=True, timeout=300)
        assert server.ask(*ADMINISTRATOR, "SELECT pg_switch_wal()").returncode == 0
        info = (base(folder) / "backup.info").read_text().splitlines()
        begin, end = (next(line for line in info if line.startswith(f"{name}_wal=")).partition("=")[2] for name in ENDS)
        for file in sorted((server.folder / "data/pg_wal").glob("0*")):
            if begin <= file.name <= end:
                sent = ["barman-cloud-wal-archive", *where, DESTINATION, "main", str(file)]
                subprocess.run(sent, env=environment, check=True, capture_output=True, timeout=300)
    return folder / "buckets"


@pytest.fixture
def machine(backups: Path, tmp_path: Path) -> Iterator[Machine]:
    shutil.copytree(backups, tmp_path / "buckets")
    with store(tmp_path / "buckets") as port:
        keys = {"access-key": ACCESS_KEY, "secret-key": SECRET_KEY}
        yield Machine(
            tmp_path,
            {"database-backups": rendered()["ConfigMap/database-backups"]["data"]},
            {("database-backups", name): value for name, value in keys.items()},
            {"RCLONE_CONFIG_STORE_ENDPOINT": f"http://127.0.0.1:{port}"},
        )


def base(folder: Path) -> Path:
    """Return the folder of the base backup."""
    (backup_,) = (folder / "buckets/backups/prod/floe-platform/main/base").iterdir()
    return backup_


@needs_programs
@needs_barman
def test_a_backup_is_restored_and_every_row_read(machine: Machine) -> None:
    code, output = machine.run(pod())
    assert code == 0, output
    assert f"fetched {base(machine.folder).name}\n" in output
    assert output.endswith("restored 2 tables, and read every row\n")


@needs_programs
@needs_barman
def test_the_newest_complete_backup_is_tested(machine: Machine) -> None:
    complete = base(machine.folder)
    failed = complete.with_name("29991231T235959")
    failed.mkdir()
    (failed / "backup.info").write_text((complete / "backup.info").read_text().replace("status=DONE", "status=FAILED"))
    code, output = machine.run(pod())
    assert (code, f"fetched {complete.name}" in output) == (0, True), output
    (complete / "backup.info").write_text("status=FAILED\n")
    code, output = machine.run(pod())
    assert (code, "there is no complete backup in backups/prod/floe-platform/main/base" in output) == (1, True), output


@needs_programs
@needs_barman
def test_a_backup_without_its_log_fails_the_test(machine: Machine) -> None:
    shutil.rmtree(base(machine.folder).parents[1] / "wals")
    code, output = machine.run(pod())
    assert code != 0, output


@needs_programs
@needs_barman
def test_a_backup_that_is_cut_short_fails_the_test(machine: Machine) -> None:
    archive = base(machine.folder) / "data.tar.gz"
    archive.write_bytes(archive.read_bytes()[:100_000])
    code, output = machine.run(pod())
    assert code != 0, output


@needs_programs
@needs_barman
def test_a_missing_database_fails_the_test(machine: Machine) -> None:
    code, output = machine.run(pod(), DATABASES="shop dagster")
    assert (code, "the backup has no database dagster\n" in output) == (1, True), output
