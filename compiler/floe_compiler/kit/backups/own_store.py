"""Backups of databases in a store that the mesh runs itself: for development, as they are lost with the cluster."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from floe_compiler.kit.backups.settings import BackupSettings
from floe_compiler.kit.backups.stores import database_backups, folder
from floe_compiler.kit.backups.tasks import backup_parts
from floe_compiler.kit.own_store import OwnStore
from floe_compiler.kit.store_policies import Bucket
from floe_compiler.model.capabilities import BackupStore, DatabaseBackups, ObjectStore
from floe_compiler.model.facts import Parts
from floe_compiler.model.plan import PLATFORM, Component, Context, Instance, Refusal, Requirement

USER = "backups"
"""The user of the bucket. The one of the warehouse, which the shared services have, may not read backups."""


class OwnBackupSettings(BackupSettings):
    """The settings of backups in such a store."""

    bucket: Bucket = "backups"
    """The bucket."""


def component(own: OwnStore, config: type[OwnBackupSettings]) -> Component[OwnBackupSettings]:
    """Return the component that keeps backups in the store."""
    # Partial functions, unlike inner ones, can be sent to another process.
    return Component(
        slot="databases.backup",
        type=own.type,
        name="database-backups",
        summary=f"Backups of databases in the mesh's own {own.title}, for development",
        config=config,
        build=partial(_build, own),
        provides=partial(_provides, own),
        requires=partial(_requires, own),
        refuses=partial(_refuses, own),
        extends=partial(_extends, own),
        scope="each",
    )


def _store(own: OwnStore, instance: Instance[OwnBackupSettings]) -> BackupStore:
    server, keys = own.endpoint(instance), own.client(instance, USER)
    return BackupStore(
        kind="s3",
        endpoint=server,
        bucket=instance.config.bucket,
        folder=folder(instance),
        region=own.region,
        url=server.url(),
        path_style=True,
        access_key=keys.key("access-key"),
        secret_key=keys.key("secret-key"),
    )


def _provides(own: OwnStore, instance: Instance[OwnBackupSettings]) -> tuple[DatabaseBackups, ...]:
    return (database_backups(instance.config, _store(own, instance)),)


def _requires(own: OwnStore, _instance: Instance[OwnBackupSettings]) -> tuple[Requirement, ...]:
    return (Requirement(ObjectStore, own.type),)


def _refuses(own: OwnStore, context: Context[OwnBackupSettings]) -> Iterator[Refusal]:
    """Refuse the bucket of the warehouse, in which every data product may delete."""
    bucket = context.config.bucket
    if context.required(ObjectStore, own.type).bucket == bucket:
        message = f'would keep backups in the bucket "{bucket}" of the warehouse, where steps may delete them'
        yield Refusal(message, "name another bucket, which is created", ("bucket",))


def _build(own: OwnStore, context: Context[OwnBackupSettings]) -> Parts:
    """Return the task that creates the bucket and its user, once, beside the store."""
    if context.instance.scope != PLATFORM:
        return Parts()
    return Parts(tasks=(own.buckets(context.instance, "backup-buckets", (context.config.bucket,), USER),))


def _extends(own: OwnStore, context: Context[OwnBackupSettings], parts: tuple[Parts, ...]) -> Parts:
    """Return the tasks of the databases."""
    return backup_parts(context.config, _store(own, context.instance), parts)
