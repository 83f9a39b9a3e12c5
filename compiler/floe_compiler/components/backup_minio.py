"""Backups of databases in the mesh's own MinIO: for development, as they are lost together with the cluster."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from floe_compiler.kit import minio
from floe_compiler.kit.backups.settings import BackupSettings
from floe_compiler.kit.backups.stores import database_backups, folder
from floe_compiler.kit.backups.tasks import backup_parts
from floe_compiler.model.capabilities import BackupStore, DatabaseBackups, ObjectStore
from floe_compiler.model.facts import Parts
from floe_compiler.model.plan import PLATFORM, Component, Context, Instance, Refusal, Requirement

USER = "backups"
"""The user of the bucket. The one of the warehouse, whose keys all data products have, may not read backups."""


class MinioBackupConfig(BackupSettings):
    """Backups of databases in a bucket of the mesh's own MinIO, which is created. They are lost with the cluster."""

    type: Literal["minio"] = "minio"
    """The kind of store."""
    bucket: minio.Bucket = "backups"
    """The bucket."""


def store(instance: Instance[MinioBackupConfig]) -> BackupStore:
    """Return where the backups of the instance's namespace are."""
    server, keys = minio.endpoint(instance), minio.client(instance, USER)
    return BackupStore(
        kind="s3",
        endpoint=server,
        bucket=instance.config.bucket,
        folder=folder(instance),
        region=minio.REGION,
        url=server.url(),
        path_style=True,
        access_key=keys.key("access-key"),
        secret_key=keys.key("secret-key"),
    )


def provides(instance: Instance[MinioBackupConfig]) -> tuple[DatabaseBackups, ...]:
    """Return how databases of the namespace are backed up."""
    return (database_backups(instance.config, store(instance)),)


def requires(_instance: Instance[MinioBackupConfig]) -> tuple[Requirement, ...]:
    """Return the requirement: the platform's MinIO."""
    return (Requirement(ObjectStore, minio.NAME),)


def refuses(context: Context[MinioBackupConfig]) -> Iterator[Refusal]:
    """Refuse the bucket of the warehouse, in which every data product may delete."""
    if context.one(ObjectStore, minio.NAME).bucket == context.config.bucket:
        message = (
            f'would keep backups in the bucket "{context.config.bucket}" of the warehouse, where steps may delete them'
        )
        yield Refusal(message, "name another bucket, which is created", ("bucket",))


def build(context: Context[MinioBackupConfig]) -> Parts:
    """Return the task that creates the bucket and its user, once, beside MinIO."""
    if context.instance.scope != PLATFORM:
        return Parts()
    return Parts(tasks=(minio.buckets(context.instance, "backup-buckets", (context.config.bucket,), USER),))


def extends(context: Context[MinioBackupConfig], parts: tuple[Parts, ...]) -> Parts:
    """Return the tasks of the databases."""
    return backup_parts(context.config, store(context.instance), parts)


COMPONENT = Component(
    slot="databases.backup",
    type="minio",
    name="database-backups",
    summary="Backups of databases in the mesh's own MinIO, for development",
    config=MinioBackupConfig,
    build=build,
    provides=provides,
    requires=requires,
    refuses=refuses,
    extends=extends,
    scope="each",
)
