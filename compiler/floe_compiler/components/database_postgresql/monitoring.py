"""Metrics and alerts of PostgreSQL: an exporter beside the server, as PostgreSQL has no metrics of its own.

Sources: prometheus-community/postgres_exporter 0.20 (`README.md`: variables, collectors that are on; `/` answers
whether or not the database does); run with version 0.17.
"""

from __future__ import annotations

from floe_compiler.kit import postgresql
from floe_compiler.kit.monitoring.promql import series
from floe_compiler.kit.scripts import script
from floe_compiler.model.alerts import Alert
from floe_compiler.model.endpoint import Endpoint, Port
from floe_compiler.model.facts import ConfigFile, Container, Probe, Resources, SecretFile, Variable
from floe_compiler.model.operations import Panel
from floe_compiler.model.quantities import parse_quantity
from floe_compiler.model.secrets import Secret

IMAGE = "quay.io/prometheuscommunity/postgres-exporter:v0.20.1"
PORT = Port("metrics", 9187, service=False)
USER = "metrics"
"""The role that the exporter logs in as; it may read statistics, and no data."""

SCRIPT = "/scripts/postgresql-monitor.sh"
ADMINISTRATOR_FILE = "/run/secrets/postgresql/password"
PASSWORD_FILE = "/run/secrets/metrics/password"  # noqa: S105 - a path
RESOURCES = Resources("20m", "32Mi", "200m", "128Mi")
NEARLY = 0.8

PANELS = (
    Panel(
        "Connections in use",
        "sum by (namespace) (pg_stat_activity_count{$target})"
        " / max by (namespace) (pg_settings_max_connections{$target})",
        "ratio",
        "{{namespace}}",
    ),
    Panel("Size", "max by (datname) (pg_database_size_bytes{$target})", "bytes", "{{datname}}", stacked=True),
    Panel(
        "Transactions",
        "sum by (datname) (rate(pg_stat_database_xact_commit{$target}[$interval]))",
        "per second",
        "{{datname}}",
    ),
    Panel(
        "Transactions that were rolled back",
        "sum by (datname) (rate(pg_stat_database_xact_rollback{$target}[$interval]))",
        "per second",
        "{{datname}}",
    ),
    Panel(
        "Reads that its memory answers",
        "sum by (datname) (rate(pg_stat_database_blks_hit{$target}[$interval]))"
        " / sum by (datname) (rate(pg_stat_database_blks_hit{$target}[$interval])"
        " + rate(pg_stat_database_blks_read{$target}[$interval]))",
        "ratio",
        "{{datname}}",
    ),
    Panel(
        "Deadlocks", "sum by (datname) (increase(pg_stat_database_deadlocks{$target}[$interval]))", legend="{{datname}}"
    ),
)


def secret(server: str, namespace: str) -> Secret:
    """Return the secret of the exporter's role."""
    return postgresql.role_secret(server, USER, namespace)


def exporter(server: str, namespace: str) -> Container:
    """Return the exporter, which connects to the server in its own pod."""
    alive = Probe(PORT.name, "/", timeout=5)
    return Container(
        "metrics",
        IMAGE,
        RESOURCES,
        variables=(
            Variable("DATA_SOURCE_URI", f"127.0.0.1:{postgresql.PORT.number}/postgres?sslmode=disable"),
            Variable("DATA_SOURCE_USER", USER),
            Variable("DATA_SOURCE_PASS_FILE", PASSWORD_FILE),
        ),
        ports=(PORT,),
        liveness=alive,
        readiness=alive,
        secret_files=(SecretFile(PASSWORD_FILE, secret(server, namespace).key(postgresql.PASSWORD)),),
    )


def role(endpoint: Endpoint, server: str, resources: Resources) -> Container:
    """Return the container that gives the server the exporter's role."""
    namespace = endpoint.group.namespace if endpoint.group else ""
    administrator = postgresql.administrator_secret(server, namespace).key(postgresql.PASSWORD)
    return Container(
        "metrics-role",
        postgresql.IMAGE,
        resources,
        command=("bash", SCRIPT),
        variables=(
            Variable("PGHOST", endpoint.host),
            Variable("PGPORT", str(endpoint.port().number)),
            Variable("PGUSER", postgresql.ADMINISTRATOR),
            Variable("ADMINISTRATOR", ADMINISTRATOR_FILE),
            Variable("MONITOR", USER),
            Variable("PASSWORD", PASSWORD_FILE),
        ),
        config=(ConfigFile(SCRIPT, script(__package__, "postgresql-monitor.sh"), f"{server}-metrics"),),
        secret_files=(
            SecretFile(ADMINISTRATOR_FILE, administrator),
            SecretFile(PASSWORD_FILE, secret(server, namespace).key(postgresql.PASSWORD)),
        ),
    )


def alerts(namespace: str, server: str, storage: str) -> tuple[Alert, ...]:
    """Return the alerts on a server whose volume has the size `storage`."""
    labels = {"namespace": namespace, "job": server}
    own = (("database_server", server),)
    room = int(parse_quantity(storage).amount)
    # The log of changes comes on top of the databases.
    databases, log = (series(f"pg_{what}_size_bytes", **labels) for what in ("database", "wal"))
    used = f"sum({databases}) + (max({log}) or vector(0))"
    connections = (
        f"sum({series('pg_stat_activity_count', **labels)}) / max({series('pg_settings_max_connections', **labels)})"
    )
    return (
        Alert(
            "DatabaseDown",
            f"{series('pg_up', **labels)} == 0",
            f"{server} does not answer",
            lasting="2m",
            severity="critical",
            labels=own,
        ),
        Alert(
            "DatabaseDiskNearlyFull",
            f"({used}) / {room} > {NEARLY}",
            f"{{{{ $value | humanizePercentage }}}} of the volume of {server} ({storage}) is used",
            severity="critical",
            labels=own,
        ),
        Alert(
            "DatabaseConnectionsNearlyUsed",
            f"{connections} > {NEARLY}",
            f"{{{{ $value | humanizePercentage }}}} of the connections of {server} are used",
            labels=own,
        ),
    )
