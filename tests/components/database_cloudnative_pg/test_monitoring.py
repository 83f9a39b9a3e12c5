"""Alerts and panels of a cluster of CloudNativePG."""

from __future__ import annotations

import pytest

from floe_compiler.components.database_cloudnative_pg.monitoring import PANELS, alerts, panels
from floe_compiler.model.alerts import Alert
from floe_compiler.model.capabilities import BackupStore, DatabaseBackups
from kit.samples import OUTSIDE

STORE = BackupStore("s3", OUTSIDE, "backups", "sales")
DAILY = DatabaseBackups("s3", STORE, schedule="0 3 * * *")
NONE = DatabaseBackups("none")


def of(name: str, backups: DatabaseBackups | None = None) -> Alert | None:
    return next((alert for alert in alerts("sales", "db", "10Gi", backups) if alert.name == name), None)


def test_it_has_the_alerts_of_other_databases() -> None:
    names = [alert.name for alert in alerts("sales", "db", "10Gi", None)]
    assert names == ["DatabaseDown", "DatabaseDiskNearlyFull", "DatabaseConnectionsNearlyUsed"]
    full = of("DatabaseDiskNearlyFull")
    assert full
    assert full.expression.endswith(f" / {10 * 2**30} > 0.8")


@pytest.mark.parametrize(("schedule", "days"), [("0 3 * * *", 2), ("@daily", 2), ("0 3 * * 0", 14)])
def test_a_backup_is_late_after_two_periods(schedule: str, days: int) -> None:
    late = of("BackupLate", DatabaseBackups("s3", STORE, schedule=schedule))
    assert late
    assert late.expression.endswith(f" > {days * 86400}")
    assert late.severity == "critical"


def test_without_backups_there_is_no_alert_for_late_ones() -> None:
    assert of("BackupLate") is of("BackupLate", NONE) is None
    assert panels(None) == panels(NONE) == PANELS
    assert [panel.title for panel in panels(DAILY)][-1] == "Age of the last backup"
