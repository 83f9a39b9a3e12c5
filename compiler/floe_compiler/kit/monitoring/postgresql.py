"""postgres_exporter: metrics of a PostgreSQL server, which has none of its own.

Sources: prometheus-community/postgres_exporter 0.20 (`README.md`: variables, collectors that are on; `/` answers
whether or not the database does); run with version 0.17.
"""

from __future__ import annotations

from floe_compiler.kit.monitoring.promql import series
from floe_compiler.model.alerts import Alert
from floe_compiler.model.endpoint import Port
from floe_compiler.model.facts import Container, Probe, Resources, SecretFile, Variable
from floe_compiler.model.operations import Panel
from floe_compiler.model.secrets import SecretReference

IMAGE = "quay.io/prometheuscommunity/postgres-exporter:v0.20.1"
PORT = Port("metrics", 9187, service=False)
PASSWORD_FILE = "/run/secrets/metrics/password"  # noqa: S105 - a path
USER_FILE = "/run/secrets/metrics/username"
RESOURCES = Resources("20m", "32Mi", "200m", "128Mi")
NEARLY = 0.8
"""The part of connections or disk space in use that is worth an alert."""

WORK = (
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
"""The panels of what a server does, which every role may see."""


def connections(counted: str) -> Panel:
    """Return the panel of the connections in use, which the metric `counted` counts."""
    used = f"sum by (namespace) ({counted}{{$target}})"
    most = "max by (namespace) (pg_settings_max_connections{$target})"
    return Panel("Connections in use", f"{used} / {most}", "ratio", "{{namespace}}")


def alerts(namespace: str, server: str, counted: str) -> tuple[Alert, ...]:
    """Return the alerts on any server: it does not answer, or nearly has no connections left.

    Args:
        namespace: The namespace of its exporter.
        server: The server, which is the exporter's job.
        counted: The metric that counts its connections.
    """
    labels, own = {"namespace": namespace, "job": server}, (("database_server", server),)
    used = f"sum({series(counted, **labels)}) / max({series('pg_settings_max_connections', **labels)})"
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
            "DatabaseConnectionsNearlyUsed",
            f"{used} > {NEARLY}",
            f"{{{{ $value | humanizePercentage }}}} of the connections of {server} are used",
            labels=own,
        ),
    )


def exporter(
    source: str,
    user: str | SecretReference,
    password: SecretReference,
    arguments: tuple[str, ...] = (),
) -> Container:
    """Return the exporter of a server.

    Args:
        source: The server, the database to connect to, and how: `host:port/database?sslmode=require`.
        user: The role that it logs in as, or the secret's key with its name.
        password: The role's password.
        arguments: Further arguments.
    """
    alive = Probe(PORT.name, "/", timeout=5)
    return Container(
        "metrics",
        IMAGE,
        RESOURCES,
        arguments=arguments,
        variables=(
            Variable("DATA_SOURCE_URI", source),
            Variable("DATA_SOURCE_USER", user)
            if isinstance(user, str)
            else Variable("DATA_SOURCE_USER_FILE", USER_FILE),
            Variable("DATA_SOURCE_PASS_FILE", PASSWORD_FILE),
        ),
        ports=(PORT,),
        liveness=alive,
        readiness=alive,
        secret_files=(
            *(() if isinstance(user, str) else (SecretFile(USER_FILE, user),)),
            SecretFile(PASSWORD_FILE, password),
        ),
    )
