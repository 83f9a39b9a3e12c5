"""The databases and volumes of all namespaces that need a backup."""

from __future__ import annotations

from floe_compiler.derive.backups import database_backups, volume_backups
from floe_compiler.model.mesh_facts import DatabaseBackup, VolumeBackup
from floe_compiler.model.unit_facts import UnitFacts
from floe_compiler.model.units import UnitKey
from kit.samples import DATABASE, SECRET

FINANCE = DatabaseBackup("finance", "dagster", DATABASE, "dagster", SECRET.key("password"), "postgres:16")
SALES = DatabaseBackup("sales", "dagster", DATABASE, "dagster", SECRET.key("password"), "postgres:16")
VOLUME = VolumeBackup("platform", "minio", "data")


def key(namespace: str) -> UnitKey:
    return UnitKey("dev", "acme-dev", namespace)


def test_backups_are_gathered_in_one_order() -> None:
    units = [
        UnitFacts(key("sales"), database_backups=(SALES,)),
        UnitFacts(key("platform"), volume_backups=(VOLUME,)),
        UnitFacts(key("finance"), database_backups=(FINANCE,)),
    ]
    assert database_backups(units) == database_backups(units[::-1]) == (FINANCE, SALES)
    assert volume_backups(units) == (VOLUME,)
