"""Alerts and panels of a cluster of CloudNativePG, from the metrics that each instance has at port 9187.

Sources: cloudnative-pg 1.30 (`config/manager/default-monitoring.yaml`: queries that each cluster has unless it says
otherwise; `pkg/management/postgres/webserver/metricserver/`: `cnpg_collector_…`); plugin-barman-cloud 0.14
(`internal/cnpgi/instance/metrics.go`: the times of backups, 0 before the first one).
"""

from __future__ import annotations

from collections.abc import Iterator

from floe_compiler.kit.monitoring.promql import series
from floe_compiler.model.alerts import Alert
from floe_compiler.model.capabilities import DatabaseBackups
from floe_compiler.model.operations import Panel
from floe_compiler.model.quantities import parse_quantity
from floe_compiler.model.schedule_gaps import longest_gap

NEARLY = 0.8
BACKED_UP = "barman_cloud_cloudnative_pg_io_last_available_backup_timestamp"

PANELS = (
    Panel(
        "Connections in use",
        "sum by (instance) (cnpg_backends_total{$target})"
        ' / max by (instance) (cnpg_pg_settings_setting{name="max_connections",$target})',
        "ratio",
        "{{instance}}",
    ),
    Panel("Size", "max by (datname) (cnpg_pg_database_size_bytes{$target})", "bytes", "{{datname}}", stacked=True),
    Panel(
        "Log of changes",
        'max by (instance) (cnpg_collector_pg_wal{value="size",$target})',
        "bytes",
        "{{instance}}",
    ),
    Panel("Time behind the primary", "max by (instance) (cnpg_pg_replication_lag{$target})", "seconds", "{{instance}}"),
    Panel(
        "Transactions",
        "sum by (datname) (rate(cnpg_pg_stat_database_xact_commit{$target}[$interval]))",
        "per second",
        "{{datname}}",
    ),
    Panel(
        "Transactions that were rolled back",
        "sum by (datname) (rate(cnpg_pg_stat_database_xact_rollback{$target}[$interval]))",
        "per second",
        "{{datname}}",
    ),
    Panel(
        "Reads that its memory answers",
        "sum by (datname) (rate(cnpg_pg_stat_database_blks_hit{$target}[$interval]))"
        " / sum by (datname) (rate(cnpg_pg_stat_database_blks_hit{$target}[$interval])"
        " + rate(cnpg_pg_stat_database_blks_read{$target}[$interval]))",
        "ratio",
        "{{datname}}",
    ),
    Panel(
        "Deadlocks",
        "sum by (datname) (increase(cnpg_pg_stat_database_deadlocks{$target}[$interval]))",
        legend="{{datname}}",
    ),
)
AGE = Panel("Age of the last backup", f"time() - (max({BACKED_UP}{{$target}}) > 0)", "seconds")


def panels(backups: DatabaseBackups | None) -> tuple[Panel, ...]:
    """Return the panels of a cluster."""
    return (*PANELS, AGE) if backups and backups.store else PANELS


def alerts(namespace: str, server: str, storage: str, backups: DatabaseBackups | None) -> Iterator[Alert]:
    """Yield the alerts on a cluster whose instances have volumes of the size `storage`."""
    labels, own = {"namespace": namespace, "job": server}, (("database_server", server),)
    instances = series("cnpg_collector_up", **labels)
    standbys = series("cnpg_pg_replication_in_recovery", **labels)
    yield Alert(
        "DatabaseDown",
        # Every instance that answers is a standby: there is no primary.
        f"max({instances}) == 0 or min({standbys}) == 1",
        f"{server} does not answer, or has no primary",
        lasting="2m",
        severity="critical",
        labels=own,
    )
    databases = f"sum by (instance) ({series('cnpg_pg_database_size_bytes', **labels)})"
    log = f"max by (instance) ({series('cnpg_collector_pg_wal', **labels, value='size')})"
    yield Alert(
        "DatabaseDiskNearlyFull",
        f"max(({databases} + {log}) or {databases}) / {int(parse_quantity(storage).amount)} > {NEARLY}",
        f"{{{{ $value | humanizePercentage }}}} of a volume of {server} ({storage}) is used",
        severity="critical",
        labels=own,
    )
    used = f"sum by (instance) ({series('cnpg_backends_total', **labels)})"
    most = f"max by (instance) ({series('cnpg_pg_settings_setting', **labels, name='max_connections')})"
    yield Alert(
        "DatabaseConnectionsNearlyUsed",
        f"max({used} / {most}) > {NEARLY}",
        f"{{{{ $value | humanizePercentage }}}} of the connections of {server} are used",
        labels=own,
    )
    if backups and backups.store:
        yield _backup(server, labels, 2 * longest_gap(backups.schedule))


def _backup(server: str, labels: dict[str, str], seconds: int) -> Alert:
    # Before the first one: since the servers were started.
    last = f"max({series(BACKED_UP, **labels)}) > 0"
    started = f"min({series('cnpg_pg_postmaster_start_time', **labels)})"
    return Alert(
        "BackupLate",
        f"time() - (({last}) or {started}) > {seconds}",
        f"The last base backup of {server} is {{{{ $value | humanizeDuration }}}} old",
        severity="critical",
        labels=(("database_server", server),),
    )
