"""Backups of databases in a bucket at AWS, or in another S3-compatible store."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from floe_compiler.kit.backups.buckets import PLATFORM_SETTINGS, OutsideBackups, outside_parts, refuses, requires
from floe_compiler.kit.backups.stores import SECRET, database_backups, folder
from floe_compiler.kit.s3 import IdentityCredentials, PodIdentityCredentials, S3Bucket, SecretCredentials, check_prefix
from floe_compiler.model.capabilities import BackupStore, DatabaseBackups
from floe_compiler.model.facts import Parts
from floe_compiler.model.fields import Name
from floe_compiler.model.plan import Component, Context, Instance


class BackupKeys(SecretCredentials):
    """Backups are sent with an access key from a secret of the namespace."""

    name: Name = SECRET
    """The secret's name. Each namespace has its own, so that no domain has the key to the backups of another."""


class S3BackupConfig(OutsideBackups, S3Bucket):
    """Backups of databases in an existing bucket on AWS or in another S3-compatible store."""

    type: Literal["s3"] = "s3"
    """The kind of store."""
    prefix: Annotated[str, AfterValidator(check_prefix)] = ""
    """The folder in the bucket, which has one for each environment. Default: the whole bucket."""
    credentials: Annotated[IdentityCredentials | PodIdentityCredentials | BackupKeys, Field(discriminator="type")]
    """How the Jobs log in."""


def store(instance: Instance[S3BackupConfig]) -> BackupStore:
    """Return where the backups of the instance's namespace are."""
    config, login = instance.config, instance.config.credentials
    keys = login.secret(instance.namespace) if isinstance(login, SecretCredentials) else None
    return BackupStore(
        kind="s3",
        endpoint=config.server(),
        bucket=config.bucket,
        folder=folder(instance, config.prefix),
        region=config.region,
        url=config.endpoint or "",
        path_style=config.path_style if config.endpoint else False,
        access_key=keys.key(login.keys.access_key) if keys and isinstance(login, SecretCredentials) else None,
        secret_key=keys.key(login.keys.secret_key) if keys and isinstance(login, SecretCredentials) else None,
        identity=config.login(),
    )


def provides(instance: Instance[S3BackupConfig]) -> tuple[DatabaseBackups, ...]:
    """Return how databases of the namespace are backed up."""
    return (database_backups(instance.config, store(instance)),)


def build(_context: Context[S3BackupConfig]) -> Parts:
    """Return no parts: they follow from the databases of the namespace."""
    return Parts()


def extends(context: Context[S3BackupConfig], parts: tuple[Parts, ...]) -> Parts:
    """Return the tasks of the databases and buckets."""
    return outside_parts(context.config, store(context.instance), parts)


COMPONENT = Component(
    slot="databases.backup",
    type="s3",
    name="database-backups",
    summary="Backups of databases in a bucket at AWS, or in another S3-compatible store",
    config=S3BackupConfig,
    build=build,
    provides=provides,
    requires=requires,
    refuses=refuses,
    platform_settings=PLATFORM_SETTINGS,
    extends=extends,
    scope="each",
)
