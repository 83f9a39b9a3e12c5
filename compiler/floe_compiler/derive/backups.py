"""Backups: the databases and volumes of all namespaces whose data cannot be recreated."""

from __future__ import annotations

from collections.abc import Iterable

from floe_compiler.model.mesh_facts import DatabaseBackup, VolumeBackup
from floe_compiler.model.unit_facts import UnitFacts


def database_backups(units: Iterable[UnitFacts]) -> tuple[DatabaseBackup, ...]:
    """Return the databases of all namespaces to back up, sorted."""
    return tuple(sorted(backup for unit in units for backup in unit.database_backups))


def volume_backups(units: Iterable[UnitFacts]) -> tuple[VolumeBackup, ...]:
    """Return the volumes of all namespaces to back up, sorted."""
    return tuple(sorted(backup for unit in units for backup in unit.volume_backups))
