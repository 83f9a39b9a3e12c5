"""A PostgreSQL server outside the cluster: consumers get its address, and it is not rendered."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from syrupy.assertion import SnapshotAssertion

from dagster_program import free_port
from floe_compiler.components import database_postgresql, lineage_marquez
from floe_compiler.components.database_external import COMPONENT, ExternalConfig, provides
from floe_compiler.kit import postgresql
from floe_compiler.kit.secret_stores import secret_objects
from floe_compiler.model.capabilities import Database, Monitoring
from floe_compiler.model.facts import Parts
from floe_compiler.model.objects import Object
from floe_compiler.model.plan import Context
from postgresql_server import ADMINISTRATOR, NEEDS_SERVER, running
from support import PRODUCTION, context_of, contributed, unit_of

CONFIG = {
    "server": "dagster-postgresql",
    "databases": [{"database": "dagster", "user": "dagster_prod"}],
    "host": "dagster.cluster-x.eu-west-1.rds.example.com",
    "secret": {"name": "dagster-postgresql", "keys": {"username": "user", "password": "pass"}},
    "cidr": "10.20.0.0/16",
}


def context(**config: Any) -> Context[ExternalConfig]:
    return context_of(COMPONENT, {**CONFIG, **config}, settings=PRODUCTION, scope="sales")


def database(**config: Any) -> Database:
    (database_,) = provides(context(**config).instance)
    return database_


def in_cluster() -> Database:
    """Return the same database on a server inside the cluster."""
    config = {"server": CONFIG["server"], "databases": CONFIG["databases"]}
    (database_,) = database_postgresql.provides(context_of(database_postgresql.COMPONENT, config).instance)
    return database_


def test_nothing_is_rendered() -> None:
    assert COMPONENT.build(context()) == Parts()


def monitored(**config: Any) -> Parts:
    asking = context(**config)
    return COMPONENT.build(replace(asking, capabilities=(*asking.capabilities, Monitoring("prometheus"))))


def test_with_metrics_an_exporter_logs_in_like_its_consumers() -> None:
    parts = monitored()
    (exporter,) = parts.workloads
    (container,) = exporter.pod.containers
    assert exporter.name == "dagster-postgresql-metrics"
    assert exporter.pod.calls == (database().endpoint,)
    env = {variable.name: variable.value for variable in container.variables}
    address = "dagster.cluster-x.eu-west-1.rds.example.com:5432"
    assert env["DATA_SOURCE_URI"] == f"{address}/dagster?sslmode=require"
    assert env["DATA_SOURCE_USER"] == "dagster_prod"
    (password,) = container.secret_files
    assert (password.secret, password.path) == (database().password, env["DATA_SOURCE_PASS_FILE"])
    (metrics,) = exporter.metrics
    assert (metrics.job, metrics.port) == ("dagster-postgresql", "metrics")
    assert [alert.name for alert in parts.alerts] == ["DatabaseDown", "DatabaseConnectionsNearlyUsed"]


def test_the_exporter_reads_a_user_that_only_the_secret_names() -> None:
    unnamed = {"databases": [{"database": "dagster"}]}
    (container,) = monitored(**unnamed).workloads[0].pod.containers
    env = {variable.name: variable.value for variable in container.variables}
    files = {file.path: file.secret.key for file in container.secret_files}
    assert files == {env["DATA_SOURCE_USER_FILE"]: "user", env["DATA_SOURCE_PASS_FILE"]: "pass"}
    assert "DATA_SOURCE_USER" not in env


def test_the_exporter_is_left_out_for_logins_that_it_does_not_support() -> None:
    assert monitored(tls="prefer") == Parts()


EXPORTER = shutil.which("postgres_exporter") or shutil.which("prometheus-postgres-exporter")


@pytest.mark.real
@NEEDS_SERVER
@pytest.mark.skipif(
    EXPORTER is None, reason="postgres_exporter is not on the PATH (Debian: prometheus-postgres-exporter)"
)
def test_an_ordinary_role_sees_all_metrics_of_alerts_and_panels(tmp_path: Path) -> None:
    parts = monitored()
    (container,) = parts.workloads[0].pod.containers
    with running() as server:
        administrator, password, _ = ADMINISTRATOR
        for statement in ("CREATE ROLE dagster_prod LOGIN PASSWORD 'p'", "CREATE DATABASE dagster OWNER dagster_prod"):
            assert server.ask(administrator, password, "postgres", statement).returncode == 0
        # Like a provider's own database, to which nobody else may connect.
        server.ask(administrator, password, "postgres", "CREATE DATABASE rdsadmin")
        server.ask(administrator, password, "postgres", "REVOKE CONNECT ON DATABASE rdsadmin FROM PUBLIC")
        env = {variable.name: variable.value for variable in container.variables}
        env["DATA_SOURCE_URI"] = f"127.0.0.1:{server.port}/dagster?sslmode=disable"
        env["DATA_SOURCE_PASS_FILE"] = str(tmp_path / "password")
        (tmp_path / "password").write_text("p")
        text = scraped([str(EXPORTER), *container.arguments], env, tmp_path)
    assert "\npg_up 1\n" in text
    assert not re.findall(r"^pg_scrape_collector_success.* 0$", text, re.MULTILINE), "nothing needs more rights"
    expressions = [alert.expression for alert in parts.alerts]
    expressions += [panel.query for metric in parts.workloads[0].metrics for panel in metric.panels]
    used = {name for expression in expressions for name in re.findall(r"\bpg_\w+", expression)}
    assert {"pg_stat_database_numbackends", "pg_settings_max_connections"} < used
    assert not [name for name in sorted(used) if f"\n{name}" not in text]


def scraped(command: list[str], variables: dict[str, str], folder: Path) -> str:
    """Return the metrics of an exporter."""
    address = f"127.0.0.1:{free_port()}"
    with subprocess.Popen(
        [*command, f"--web.listen-address={address}"], env=variables, cwd=folder, stderr=subprocess.DEVNULL
    ) as process:
        try:
            for _ in range(100):
                try:
                    with urllib.request.urlopen(f"http://{address}/metrics", timeout=30) as answer:
                        return str(answer.read().decode())
                except OSError:
                    time.sleep(0.1)
        finally:
            process.terminate()
    raise AssertionError("the exporter does not answer")


def test_consumers_reach_only_its_host_and_port() -> None:
    endpoint = database().endpoint

    assert endpoint.address() == "dagster.cluster-x.eu-west-1.rds.example.com:5432"
    assert endpoint.group is None, "a policy must not look for its pods"
    assert endpoint.cidr == "10.20.0.0/16"
    assert database(port=6432).endpoint.port().number == 6432


def test_it_has_a_name_like_a_database_in_the_cluster() -> None:
    assert database().name == in_cluster().name == "dagster-postgresql/dagster"
    assert (database().database, database().user) == ("dagster", "dagster_prod")


def test_the_credentials_are_those_of_the_named_secret() -> None:
    reference = database().password

    assert (reference.secret.name, reference.key) == ("dagster-postgresql", "pass")
    assert [key.name for key in reference.secret.keys] == ["pass"], "the store does not need values that nobody reads"


def test_the_user_comes_from_the_secret_unless_the_input_has_one() -> None:
    named = database()
    assert (named.user, named.user_key) == ("dagster_prod", None)
    unnamed = database(databases=[{"database": "dagster"}])
    assert unnamed.user == ""
    assert unnamed.user_key is not None
    assert unnamed.user_key.key == "user"
    assert [key.name for key in unnamed.password.secret.keys] == ["user", "pass"]


def test_connections_use_tls_by_default() -> None:
    assert database().ssl_mode == "require"
    assert database(tls="prefer").ssl_mode == "prefer"
    assert postgresql.jdbc_url(database()).endswith(":5432/dagster?sslmode=require")
    assert "?" not in postgresql.jdbc_url(in_cluster()), "it offers no TLS"


def test_no_credential_is_generated() -> None:
    """A password that the cluster generated would not be the server's."""
    assert all(not key.generated and not key.literal for key in database().password.secret.keys)


def test_a_secret_that_others_provide_is_not_rendered() -> None:
    secret = {"name": "rds", "existing": True}
    assert not secret_objects(PRODUCTION, "floe-sales-domain", [database(secret=secret).password.secret])
    assert secret_objects(PRODUCTION, "floe-sales-domain", [database().password.secret])


def used_by(database_: Database) -> list[Object]:
    """Return the server of Marquez with this database; its Job's name would change with everything else."""
    component = lineage_marquez.COMPONENT
    config = {"web": {"enabled": False}}
    asking = context_of(component, config, settings=PRODUCTION, capabilities=[database_], databases=(database_.name,))
    return [
        manifest for manifest in unit_of(component, asking).objects if "migrate" not in manifest["metadata"]["name"]
    ]


def test_contributed(snapshot: SnapshotAssertion) -> None:
    unnamed = database(databases=[{"database": "dagster"}])
    assert contributed(used_by(unnamed), without=used_by(in_cluster())) == snapshot
