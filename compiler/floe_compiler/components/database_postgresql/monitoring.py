"""Metrics and alerts of PostgreSQL: an exporter beside the server."""

from __future__ import annotations

from floe_compiler.kit import postgresql
from floe_compiler.kit.monitoring import postgresql as monitoring
from floe_compiler.kit.monitoring.postgresql import NEARLY, PASSWORD_FILE, WORK
from floe_compiler.kit.monitoring.promql import series
from floe_compiler.kit.scripts import script
from floe_compiler.model.alerts import Alert
from floe_compiler.model.endpoint import Endpoint
from floe_compiler.model.facts import ConfigFile, Container, Resources, SecretFile, Variable
from floe_compiler.model.operations import Panel
from floe_compiler.model.quantities import parse_quantity
from floe_compiler.model.secrets import Secret

USER = "metrics"
"""The role that the exporter logs in as; it may read statistics, and no data."""

SCRIPT = "/scripts/postgresql-monitor.sh"
ADMINISTRATOR_FILE = "/run/secrets/postgresql/password"

CONNECTIONS = "pg_stat_activity_count"
PANELS = (
    monitoring.connections(CONNECTIONS),
    Panel("Size", "max by (datname) (pg_database_size_bytes{$target})", "bytes", "{{datname}}", stacked=True),
    *WORK,
)


def secret(server: str, namespace: str) -> Secret:
    """Return the secret of the exporter's role."""
    return postgresql.role_secret(server, USER, namespace)


def exporter(server: str, namespace: str) -> Container:
    """Return the exporter, which connects to the server in its own pod."""
    source = f"127.0.0.1:{postgresql.PORT.number}/postgres?sslmode=disable"
    return monitoring.exporter(source, USER, secret(server, namespace).key(postgresql.PASSWORD))


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
            *postgresql.client_variables(endpoint),
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
    databases, log = (series(f"pg_{part}_size_bytes", **labels) for part in ("database", "wal"))
    used = f"sum({databases}) + (max({log}) or vector(0))"
    return (
        *monitoring.alerts(namespace, server, CONNECTIONS),
        Alert(
            "DatabaseDiskNearlyFull",
            f"({used}) / {room} > {NEARLY}",
            f"{{{{ $value | humanizePercentage }}}} of the volume of {server} ({storage}) is used",
            severity="critical",
            labels=own,
        ),
    )
