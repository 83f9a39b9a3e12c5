"""Backups of databases in a container of an Azure storage account, such as one of Azure Data Lake Storage.

rclone uses the account's Blob endpoint, which also a hierarchical account has.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from floe_compiler.kit.azure import AccountName, AzureIdentity, AzureSecret, ContainerName, credentials, storage
from floe_compiler.kit.backups.buckets import PLATFORM_SETTINGS, OutsideBackups, outside_parts, refuses, requires
from floe_compiler.kit.backups.stores import SECRET, database_backups, folder
from floe_compiler.kit.s3 import check_prefix
from floe_compiler.model.capabilities import BackupStore, DatabaseBackups
from floe_compiler.model.facts import Parts
from floe_compiler.model.fields import Name, SecretKeyName
from floe_compiler.model.plan import Component, Context, Instance


class AzureKey(AzureSecret):
    """The Jobs log in with the key of the storage account, from a secret of the namespace."""

    name: Name = SECRET
    """The secret's name. Each namespace has its own entry in the store of secrets."""
    key: SecretKeyName = "account-key"
    """The secret's key with the account key."""


class AdlsBackupConfig(OutsideBackups):
    """Backups of databases in an existing container of an Azure storage account."""

    type: Literal["adls"] = "adls"
    """The kind of store."""
    account: AccountName
    """The storage account."""
    container: ContainerName
    """The container in it."""
    prefix: Annotated[str, AfterValidator(check_prefix)] = ""
    """The folder in the container, which has one for each environment. Default: the whole container."""
    credentials: Annotated[AzureIdentity | AzureKey, Field(discriminator="type")]
    """How the Jobs log in."""


def store(instance: Instance[AdlsBackupConfig]) -> BackupStore:
    """Return where the backups of the instance's namespace are."""
    config = instance.config
    identity, key = credentials(config.credentials, instance.namespace)
    return BackupStore(
        kind="adls",
        endpoint=storage(config.account, "blob"),
        bucket=config.container,
        folder=folder(instance, config.prefix),
        account=config.account,
        identity=identity,
        secret_key=key,
    )


def provides(instance: Instance[AdlsBackupConfig]) -> tuple[DatabaseBackups, ...]:
    """Return how databases of the namespace are backed up."""
    return (database_backups(instance.config, store(instance)),)


def build(_context: Context[AdlsBackupConfig]) -> Parts:
    """Return no parts: they follow from the databases of the namespace."""
    return Parts()


def extends(context: Context[AdlsBackupConfig], parts: tuple[Parts, ...]) -> Parts:
    """Return the tasks of the databases and buckets."""
    return outside_parts(context.config, store(context.instance), parts)


COMPONENT = Component(
    slot="databases.backup",
    type="adls",
    name="database-backups",
    summary="Backups of databases in an Azure storage account",
    config=AdlsBackupConfig,
    build=build,
    provides=provides,
    requires=requires,
    refuses=refuses,
    platform_settings=PLATFORM_SETTINGS,
    extends=extends,
    scope="each",
)
