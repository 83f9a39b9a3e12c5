"""The script that creates databases, run against a real server."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from importlib.resources import files

import pytest

from floe_compiler.kit.scripts import script
from postgresql_server import ADMINISTRATOR, NEEDS_SERVER, SERVERS, Server, running

NAME = "postgresql-databases.sh"
PACKAGE = "floe_compiler.kit.databases"
SCRIPT = str(files(PACKAGE).joinpath(NAME))
AWKWARD = 'it\'s "quoted" \\ $HOME %s; --'


def test_the_script_needs_bash() -> None:
    assert script(PACKAGE, NAME).startswith("#!/usr/bin/env bash\n")
    subprocess.run(["bash", "-n", SCRIPT], check=True, timeout=30)


def make(server: Server, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": f"{SERVERS[-1].parent}:{os.environ['PATH']}",
        "PGHOST": "127.0.0.1",
        "PGPORT": str(server.port),
        "PGUSER": "postgres",
        "ADMINISTRATOR": str(server.folder / "administrator"),
        "PASSWORDS": str(server.folder / "passwords"),
    }
    return subprocess.run(
        ["bash", SCRIPT, *arguments], env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def password(server: Server, database: str, text: str) -> None:
    (server.folder / "passwords" / database).write_text(text)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running() as postgres:
        yield postgres


@pytest.mark.real
@NEEDS_SERVER
def test_only_the_owner_can_connect_and_create_tables(server: Server) -> None:
    password(server, "sales", "one")
    password(server, "other", "two")

    result = make(server, "sales=seller", "other=other")

    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.splitlines() == ["database sales is owned by seller", "database other is owned by other"]
    assert server.ask("seller", "one", "sales", "CREATE TABLE orders (id int)").returncode == 0
    assert "permission denied for database" in server.ask("other", "two", "sales", "SELECT 1").stderr


@pytest.mark.real
@NEEDS_SERVER
def test_a_second_run_changes_nothing_but_the_password(server: Server) -> None:
    password(server, "again", "old")
    assert make(server, "again=again").returncode == 0
    assert server.ask("again", "old", "again", "CREATE TABLE kept (id int)").returncode == 0
    password(server, "again", AWKWARD + "\n")

    assert make(server, "again=again").returncode == 0

    assert server.ask("again", AWKWARD, "again", "SELECT count(*) FROM kept").stdout == "0\n"
    assert "password authentication failed" in server.ask("again", "old", "again", "SELECT 1").stderr


@pytest.mark.real
@NEEDS_SERVER
def test_names_are_quoted_and_a_wrong_owner_is_corrected(server: Server) -> None:
    password(server, "select", "one")
    assert make(server, "select=user").returncode == 0
    assert server.ask(*ADMINISTRATOR, 'ALTER DATABASE "select" OWNER TO postgres').returncode == 0

    assert make(server, "select=user").returncode == 0

    owner = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'select'"
    assert server.ask(*ADMINISTRATOR, owner).stdout == "user\n"


@pytest.mark.real
@NEEDS_SERVER
def test_no_password_is_shown_or_logged(server: Server) -> None:
    password(server, "quiet", "sesame-17")
    password(server, "broken", "sesame-17")

    fine, refused = make(server, "quiet=quiet"), make(server, "broken=pg_monitor")

    assert fine.returncode == 0
    assert refused.returncode != 0, "PostgreSQL refuses to change its own roles"
    for text in (fine.stdout, fine.stderr, refused.stdout, refused.stderr, server.log()):
        assert "sesame-17" not in text


@pytest.mark.real
@NEEDS_SERVER
@pytest.mark.parametrize("text", ["", "\n", None])
def test_a_missing_password_fails_before_anything_is_created(server: Server, text: str | None) -> None:
    if text is not None:
        password(server, "nothing", text)
    else:
        (server.folder / "passwords" / "nothing").unlink(missing_ok=True)

    assert make(server, "nothing=nobody").returncode != 0

    roles = server.ask(*ADMINISTRATOR, "SELECT 1 FROM pg_roles WHERE rolname = 'nobody'")
    assert roles.stdout == ""


@pytest.mark.real
@NEEDS_SERVER
def test_it_fails_if_any_database_fails(server: Server) -> None:
    password(server, "pg_first", "one")
    password(server, "second", "two")

    assert make(server, "pg_first=pg_first", "second=second").returncode != 0


@pytest.mark.real
@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is not installed (Debian: shellcheck)")
def test_shellcheck_accepts_the_script() -> None:
    subprocess.run(["shellcheck", SCRIPT], check=True, timeout=60)
