"""Backups of databases in a bucket of Google Cloud Storage."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec.structs import replace
from pydantic import AfterValidator, Field

from floe_compiler.kit.backups.buckets import PLATFORM_SETTINGS, OutsideBackups, outside_parts, refuses, requires
from floe_compiler.kit.backups.stores import SECRET, database_backups, folder
from floe_compiler.kit.google import TOKENS, BucketName, GoogleIdentity, GoogleKey, api, identity
from floe_compiler.kit.s3 import check_prefix
from floe_compiler.model.capabilities import BackupStore, DatabaseBackups
from floe_compiler.model.facts import Parts
from floe_compiler.model.fields import Name
from floe_compiler.model.plan import Component, Context, Instance
from floe_compiler.model.secrets import Secret, SecretKey


class GcsKey(GoogleKey):
    """The Jobs log in with the key of a Google service account, from a secret of the namespace."""

    name: Name = SECRET
    """The secret's name. Each namespace has its own, so that no domain has the key to the backups of another."""


class GcsBackupConfig(OutsideBackups):
    """Backups of databases in an existing bucket of Google Cloud Storage."""

    type: Literal["gcs"] = "gcs"
    """The kind of store."""
    bucket: BucketName
    """The bucket."""
    prefix: Annotated[str, AfterValidator(check_prefix)] = ""
    """The folder in the bucket, which has one for each environment. Default: the whole bucket."""
    credentials: Annotated[GoogleIdentity | GcsKey, Field(discriminator="type")]
    """How the Jobs log in."""


def store(instance: Instance[GcsBackupConfig]) -> BackupStore:
    """Return where the backups of the instance's namespace are."""
    config, login = instance.config, instance.config.credentials
    place = BackupStore(
        kind="gcs", endpoint=api("storage"), bucket=config.bucket, folder=folder(instance, config.prefix)
    )
    if isinstance(login, GoogleIdentity):
        return replace(place, identity=identity(login.service_account))
    secret = Secret(login.name, instance.namespace, (SecretKey(login.key),))
    return replace(place, secret_key=secret.key(login.key), token_endpoint=TOKENS)


def provides(instance: Instance[GcsBackupConfig]) -> tuple[DatabaseBackups, ...]:
    """Return how databases of the namespace are backed up."""
    return (database_backups(instance.config, store(instance)),)


def build(_context: Context[GcsBackupConfig]) -> Parts:
    """Return no parts: they follow from the databases of the namespace."""
    return Parts()


def extends(context: Context[GcsBackupConfig], parts: tuple[Parts, ...]) -> Parts:
    """Return the tasks of the databases and buckets."""
    return outside_parts(context.config, store(context.instance), parts)


COMPONENT = Component(
    slot="databases.backup",
    type="gcs",
    name="database-backups",
    summary="Backups of databases in Google Cloud Storage",
    config=GcsBackupConfig,
    build=build,
    provides=provides,
    requires=requires,
    refuses=refuses,
    platform_settings=PLATFORM_SETTINGS,
    extends=extends,
    scope="each",
)
