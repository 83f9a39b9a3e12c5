"""Copies of the buckets of a store in the cluster, in the store of the backups of databases.

A copy is what the bucket is, in `current`, and what it had before, in a folder for each time. So a backup of the
catalog finds the files of its tables for as long as both are kept, as no file of a table is ever changed. The scripts
were run as rendered here, with rclone 1.75 and its S3 server (`tests/kit/backups`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from pydantic import Field

from floe_compiler.kit.backups.rclone import address, key_files, remote_variables, store_variables
from floe_compiler.kit.backups.settings import BackupSettings
from floe_compiler.kit.backups.tasks import (
    ACCOUNT,
    CONFIG_MAP,
    IDENTITY,
    LABEL,
    NEVER_MATTERS,
    RCLONE,
    RETRIES,
    backup_parts,
)
from floe_compiler.kit.labels import shortened
from floe_compiler.kit.resources import declared
from floe_compiler.kit.scripts import script
from floe_compiler.model.capabilities import BackupStore, ObjectStore
from floe_compiler.model.durations import parse_duration
from floe_compiler.model.facts import ConfigFile, Container, Parts, Pod, Task, Variable
from floe_compiler.model.fields import Schedule, Timeout
from floe_compiler.model.inputs import Input
from floe_compiler.model.operations import BucketData
from floe_compiler.model.plan import PLATFORM, Context, Instance, Refusal, Requirement

BUCKET, BUCKET_KEYS = "BUCKET", "/run/secrets/bucket"
PLATFORM_SETTINGS = ("object_store",)
"""Only the shared services have a store with buckets."""

_LONGEST = 37
"""Of a bucket's part of a name: a CronJob's has 52 characters at most."""


class BucketCopies(Input):
    """When the buckets of the mesh's own object store are copied."""

    schedule: Schedule = "30 1 * * *"
    """When each bucket is copied."""
    timeout: Timeout = "6h"
    """How long that, or a restore, may take."""


class OutsideBackups(BackupSettings):
    """The settings of backups that are kept outside the cluster."""

    object_store: BucketCopies | None = Field(default=None, examples=[{"schedule": "30 1 * * *"}])
    """When the buckets of a store in the cluster (SeaweedFS, MinIO) are copied, too: `{}` for every night. Files that a
    bucket no longer has are kept for `retention_days`. Default: they are not copied. Domains cannot set it."""


def outside_parts(settings: OutsideBackups, store: BackupStore, parts: Iterable[Parts]) -> Parts:
    """Return the tasks of the databases and, if they are wanted, of the buckets of a namespace."""
    all_parts = tuple(parts)
    backups = backup_parts(settings, store, all_parts)
    if settings.object_store is None:
        return backups
    buckets = (data for own in all_parts for data in own.data if isinstance(data, BucketData))
    copies = (task for bucket in buckets for task in _tasks(bucket, settings, settings.object_store, store))
    return Parts(tasks=(*backups.tasks, *copies))


def requires(instance: Instance[Any]) -> tuple[Requirement, ...]:
    """Return the store whose buckets are copied, if they are."""
    return (Requirement(ObjectStore),) if instance.scope == PLATFORM and instance.config.object_store else ()


def refuses(context: Context[Any]) -> Iterator[Refusal]:
    """Refuse copies of a store outside the cluster, whose provider knows how to make them."""
    if requires(context.instance) and context.required(ObjectStore).endpoint.group is None:
        yield Refusal(
            f"copies buckets of a store in the cluster, but {context.required(ObjectStore).name} is outside",
            "leave object_store out, and use versioning and replication of that store",
            ("object_store",),
        )


def _tasks(data: BucketData, settings: OutsideBackups, copies: BucketCopies, store: BackupStore) -> Iterator[Task]:
    place = address(store, data.endpoint.host.partition(".")[0], data.bucket)
    retention = f"{settings.retention_days}d" if settings.retention_days else ""
    backup = (Variable("DESTINATION", place), Variable("RETENTION", retention))
    yield _task(data, "backup", copies.schedule, settings, copies, store, *backup)
    yield _task(data, "restore", "", settings, copies, store, Variable("SOURCE", place))


def _task(
    data: BucketData,
    kind: str,
    schedule: str,
    settings: OutsideBackups,
    copies: BucketCopies,
    store: BackupStore,
    *variables: Variable,
) -> Task:
    """Return a task with a bucket. Without a schedule, it is started by hand."""
    bucket = BackupStore(
        kind="s3",
        endpoint=data.endpoint,
        bucket=data.bucket,
        folder="",
        region=data.region,
        url=data.url,
        path_style=True,
        access_key=data.access_key,
        secret_key=data.secret_key,
    )
    files = (f"bucket-{kind}.sh", "store.sh")
    container = Container(
        kind,
        RCLONE,
        declared(settings.resources),
        command=("sh", f"/scripts/bucket-{kind}.sh"),
        variables=(
            Variable("BUCKET", data.bucket),
            Variable("BUCKET_KEYS", BUCKET_KEYS),
            *variables,
            *store_variables(store),
            *remote_variables(bucket, BUCKET),
        ),
        config=tuple(ConfigFile(f"/scripts/{file}", script(__package__, file), CONFIG_MAP) for file in files),
        secret_files=(*key_files(store), *key_files(bucket, BUCKET_KEYS)),
    )
    name = f"{shortened(data.bucket, _LONGEST)}-bucket"
    return Task(
        f"{name}-{kind}",
        Pod(
            (container,),
            IDENTITY,
            calls=(data.endpoint, *store.calls()),
            account=ACCOUNT,
            workload_identity=store.identity,
        ),
        deadline=parse_duration(copies.timeout),
        retries=RETRIES if schedule else 0,
        schedule=schedule or NEVER_MATTERS,
        time_zone=settings.time_zone,
        suspended=not schedule,
        labels=((f"{LABEL}{kind}", name),),
    )
