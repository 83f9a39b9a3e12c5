"""The script that creates databases, run against a real server."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import pytest

from floe_compiler.kit.scripts import script

NAME = "postgresql-databases.sh"
PACKAGE = "floe_compiler.components.database_postgresql"
SCRIPT = str(files(PACKAGE).joinpath(NAME))
SERVERS = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
AWKWARD = 'it\'s "quoted" \\ $HOME %s; --'
NEEDS_SERVER = pytest.mark.skipif(not SERVERS, reason="no PostgreSQL server is installed (Debian: postgresql)")


def test_the_script_is_bash() -> None:
    assert script(PACKAGE, NAME).startswith("#!/usr/bin/env bash\n")
    subprocess.run(["bash", "-n", SCRIPT], check=True, timeout=30)


@dataclass(frozen=True)
class Server:
    """A running server, and the folder of its files."""

    folder: Path
    port: int

    def password(self, database: str, text: str) -> None:
        (self.folder / "passwords" / database).write_text(text)

    def make(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {
            "PATH": f"{SERVERS[-1].parent}:{os.environ['PATH']}",
            "PGHOST": "127.0.0.1",
            "PGPORT": str(self.port),
            "PGUSER": "postgres",
            "ADMINISTRATOR": str(self.folder / "administrator"),
            "PASSWORDS": str(self.folder / "passwords"),
        }
        return subprocess.run(
            ["bash", SCRIPT, *arguments], env=environment, capture_output=True, text=True, timeout=60, check=False
        )

    def ask(self, user: str, password: str, database: str, statement: str) -> subprocess.CompletedProcess[str]:
        address = ["-h", "127.0.0.1", "-p", str(self.port), "-U", user, "-d", database]
        return subprocess.run(
            [str(SERVERS[-1].with_name("psql")), *address, "-XAtqc", statement],
            env={"PGPASSWORD": password},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def log(self) -> str:
        return (self.folder / "log").read_text()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server that logs all statements; PostgreSQL refuses to run as root, and finds its own user then."""
    with tempfile.TemporaryDirectory(prefix="floe-postgresql-") as name, socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        found = Server(Path(name), reserved.getsockname()[1])
        reserved.close()
        (found.folder / "passwords").mkdir()
        (found.folder / "administrator").write_text("administrators-password\n")
        user = "postgres" if os.geteuid() == 0 else None
        for path in (found.folder, *found.folder.iterdir()):
            if user:
                os.chown(path, pwd.getpwnam(user).pw_uid, -1)
        process = _start(found, user)
        yield found
        process.terminate()
        process.wait(30)


def _start(server: Server, user: str | None) -> subprocess.Popen[bytes]:
    binaries, data = SERVERS[-1].parent, str(server.folder / "data")
    arguments = ["-D", data, "-U", "postgres", f"--pwfile={server.folder}/administrator", "--auth=scram-sha-256"]
    subprocess.run([str(binaries / "initdb"), *arguments], check=True, user=user, stdout=subprocess.DEVNULL, timeout=60)
    settings = ["listen_addresses=127.0.0.1", f"unix_socket_directories={server.folder}", "log_statement=all"]
    options = [part for setting in settings for part in ("-c", setting)]
    with (server.folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [str(binaries / "postgres"), "-D", data, "-p", str(server.port), *options], user=user, stderr=log
        )
    for _ in range(100):
        ready = subprocess.run(
            [str(binaries / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(server.port)], timeout=10, check=False
        )
        if ready.returncode == 0:
            return process
        time.sleep(0.1)
    process.kill()
    process.wait()
    raise RuntimeError(f"the server did not start: {server.log()}")


@pytest.mark.real
@NEEDS_SERVER
def test_an_owner_can_make_tables_in_its_own_database_and_nobody_else_gets_in(server: Server) -> None:
    server.password("sales", "one")
    server.password("other", "two")

    made = server.make("sales=seller", "other=other")

    assert (made.returncode, made.stderr) == (0, "")
    assert made.stdout.splitlines() == ["database sales is owned by seller", "database other is owned by other"]
    assert server.ask("seller", "one", "sales", "CREATE TABLE orders (id int)").returncode == 0
    assert "permission denied for database" in server.ask("other", "two", "sales", "SELECT 1").stderr


@pytest.mark.real
@NEEDS_SERVER
def test_a_second_run_changes_nothing_but_the_password(server: Server) -> None:
    server.password("again", "old")
    assert server.make("again=again").returncode == 0
    assert server.ask("again", "old", "again", "CREATE TABLE kept (id int)").returncode == 0
    server.password("again", AWKWARD + "\n")

    assert server.make("again=again").returncode == 0

    assert server.ask("again", AWKWARD, "again", "SELECT count(*) FROM kept").stdout == "0\n"
    assert "password authentication failed" in server.ask("again", "old", "again", "SELECT 1").stderr


@pytest.mark.real
@NEEDS_SERVER
def test_names_are_quoted_and_an_owner_is_put_right(server: Server) -> None:
    server.password("select", "one")
    assert server.make("select=user").returncode == 0
    administrator = ("postgres", "administrators-password", "postgres")
    assert server.ask(*administrator, 'ALTER DATABASE "select" OWNER TO postgres').returncode == 0

    assert server.make("select=user").returncode == 0

    owner = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'select'"
    assert server.ask(*administrator, owner).stdout == "user\n"


@pytest.mark.real
@NEEDS_SERVER
def test_no_password_is_shown_or_logged(server: Server) -> None:
    server.password("quiet", "sesame-17")
    server.password("broken", "sesame-17")

    fine, refused = server.make("quiet=quiet"), server.make("broken=pg_monitor")

    assert fine.returncode == 0
    assert refused.returncode != 0, "PostgreSQL refuses to change its own roles"
    for text in (fine.stdout, fine.stderr, refused.stdout, refused.stderr, server.log()):
        assert "sesame-17" not in text


@pytest.mark.real
@NEEDS_SERVER
@pytest.mark.parametrize("password", ["", "\n", None])
def test_a_missing_password_fails_before_anything_is_made(server: Server, password: str | None) -> None:
    if password is not None:
        server.password("nothing", password)
    else:
        (server.folder / "passwords" / "nothing").unlink(missing_ok=True)

    assert server.make("nothing=nobody").returncode != 0

    roles = server.ask(
        "postgres", "administrators-password", "postgres", "SELECT 1 FROM pg_roles WHERE rolname = 'nobody'"
    )
    assert roles.stdout == ""


@pytest.mark.real
@NEEDS_SERVER
def test_it_fails_if_any_database_fails(server: Server) -> None:
    server.password("pg_first", "one")
    server.password("second", "two")

    assert server.make("pg_first=pg_first", "second=second").returncode != 0


@pytest.mark.real
@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is not installed (Debian: shellcheck)")
def test_the_script_has_no_known_mistakes() -> None:
    subprocess.run(["shellcheck", SCRIPT], check=True, timeout=60)


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
    place = SCRIPT.replace(NAME, "postgresql-monitor.sh")
    return subprocess.run(["bash", place], env=environment, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.real
@NEEDS_SERVER
def test_the_exporters_role_reads_statistics_and_no_data(server: Server) -> None:
    server.password("shop", "one")
    assert server.make("shop=shopkeeper").returncode == 0
    server.ask("shopkeeper", "one", "shop", "CREATE TABLE t AS SELECT 1 AS secret")
    for password in ("first", "second"):
        made = monitor(server, password)
        assert (made.returncode, made.stdout) == (0, "metrics may read statistics\n"), made.stderr
        size = "SELECT pg_database_size('shop') > 0, (SELECT sum(size) > 0 FROM pg_ls_waldir())"
        assert server.ask("metrics", password, "postgres", size).stdout == "t|t\n"
    assert server.ask("metrics", "first", "postgres", "SELECT 1").returncode != 0, "its password has changed"
    assert "permission denied for database" in server.ask("metrics", "second", "shop", "SELECT * FROM t").stderr
    assert "second" not in server.log()


@pytest.mark.real
@NEEDS_SERVER
def test_an_empty_password_of_the_exporters_role_is_refused(server: Server) -> None:
    made = monitor(server, "")
    assert (made.returncode, made.stderr) == (1, "the password of metrics is empty\n")
