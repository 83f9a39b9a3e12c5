"""Backups of databases in a store that the mesh runs itself: for development, as they are lost with the cluster."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from floe_compiler.kit.backups.settings import BackupSettings
from floe_compiler.kit.backups.stores import database_backups, folder
from floe_compiler.kit.backups.tasks import backup_parts
from floe_compiler.kit.store_policies import Bucket
from floe_compiler.model.capabilities import BackupStore, DatabaseBackups, ObjectStore
from floe_compiler.model.endpoint import Endpoint
from floe_compiler.model.facts import Parts, Task
from floe_compiler.model.plan import PLATFORM, Component, Context, Instance, Refusal, Requirement
from floe_compiler.model.secrets import Secret

USER = "backups"
"""The user of the bucket. The one of the warehouse, which the shared services have, may not read backups."""


class OwnStoreSettings(BackupSettings):
    """The settings of all stores of this kind."""

    bucket: Bucket = "backups"
    """The bucket."""


class OwnStore(Protocol):
    """What must be known of the store: `kit.minio`, `kit.seaweedfs`."""

    NAME: str
    REGION: str

    def endpoint(self, instance: Instance[Any], /) -> Endpoint:
        """Return the endpoint of the S3 API."""

    def client(self, instance: Instance[Any], user: str, /) -> Secret:
        """Return the credentials of a user, with the keys `access-key` and `secret-key`."""

    def buckets(self, instance: Instance[Any], name: str, names: tuple[str, ...], user: str, /) -> Task:
        """Return the task that creates the buckets and the user."""


def component(own: OwnStore, title: str, config: type[OwnStoreSettings]) -> Component[OwnStoreSettings]:
    """Return the component that keeps backups in the store, which its messages call `title`."""

    def store(instance: Instance[OwnStoreSettings]) -> BackupStore:
        server, keys = own.endpoint(instance), own.client(instance, USER)
        return BackupStore(
            kind="s3",
            endpoint=server,
            bucket=instance.config.bucket,
            folder=folder(instance),
            region=own.REGION,
            url=server.url(),
            path_style=True,
            access_key=keys.key("access-key"),
            secret_key=keys.key("secret-key"),
        )

    def provides(instance: Instance[OwnStoreSettings]) -> tuple[DatabaseBackups, ...]:
        return (database_backups(instance.config, store(instance)),)

    def requires(_instance: Instance[OwnStoreSettings]) -> tuple[Requirement, ...]:
        return (Requirement(ObjectStore, own.NAME),)

    def refuses(context: Context[OwnStoreSettings]) -> Iterator[Refusal]:
        """Refuse the bucket of the warehouse, in which every data product may delete."""
        bucket = context.config.bucket
        if context.one(ObjectStore, own.NAME).bucket == bucket:
            message = f'would keep backups in the bucket "{bucket}" of the warehouse, where steps may delete them'
            yield Refusal(message, "name another bucket, which is created", ("bucket",))

    def build(context: Context[OwnStoreSettings]) -> Parts:
        """Return the task that creates the bucket and its user, once, beside the store."""
        if context.instance.scope != PLATFORM:
            return Parts()
        return Parts(tasks=(own.buckets(context.instance, "backup-buckets", (context.config.bucket,), USER),))

    def extends(context: Context[OwnStoreSettings], parts: tuple[Parts, ...]) -> Parts:
        """Return the tasks of the databases."""
        return backup_parts(context.config, store(context.instance), parts)

    return Component(
        slot="databases.backup",
        type=own.NAME,
        name="database-backups",
        summary=f"Backups of databases in the mesh's own {title}, for development",
        config=config,
        build=build,
        provides=provides,
        requires=requires,
        refuses=refuses,
        extends=extends,
        scope="each",
    )
