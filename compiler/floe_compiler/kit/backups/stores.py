"""What the components of all kinds of stores have in common: what they offer to others, or have to be copied."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from floe_compiler.kit.backups.settings import BackupSettings
from floe_compiler.kit.resources import declared
from floe_compiler.model.capabilities import BackupStore, DatabaseBackups, ObjectStore
from floe_compiler.model.operations import BucketData
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


def bucket_data(store: ObjectStore, names: Iterable[str]) -> tuple[BucketData, ...]:
    """Return the buckets of a store in the cluster that must be kept elsewhere, too. Its keys are for all of them."""
    if store.access_key is None or store.secret_key is None:
        return ()
    login = (store.access_key, store.secret_key)
    return tuple(BucketData(store.endpoint, store.url, store.region, name, *login) for name in names)
