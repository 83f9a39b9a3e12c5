"""What the components of all kinds of stores have in common: what they offer to others, or have to be copied."""

from __future__ import annotations

from typing import Any

from floe_compiler.kit.backups.settings import BackupSettings
from floe_compiler.kit.resources import declared
from floe_compiler.model.capabilities import BackupStore, DatabaseBackups
from floe_compiler.model.plan import Instance

SECRET = "database-backups"  # noqa: S105 - the name of a secret
"""The usual name of the secret with the keys of the store."""


def folder(instance: Instance[Any], prefix: str = "") -> str:
    """Return the folder of the instance's namespace, which no other environment uses."""
    return "/".join(filter(None, (prefix, instance.settings.environment.name, instance.namespace)))


def database_backups(settings: BackupSettings, store: BackupStore) -> DatabaseBackups:
    """Return what servers need to know that send their own backups."""
    return DatabaseBackups(
        name="database-backups",
        store=store,
        schedule=settings.schedule,
        time_zone=settings.time_zone,
        retention_days=settings.retention_days,
        resources=declared(settings.resources),
    )
