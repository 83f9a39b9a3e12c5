"""Backups of databases in a bucket of Google Cloud Storage.

Sources: Google, "Workload Identity Federation for GKE" (the annotation, the metadata server, its addresses under both
data planes) and "OAuth 2.0 for server to server applications" (the server that exchanges a key).
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec.structs import replace
from pydantic import AfterValidator, Field

from floe_compiler.kit.backups.settings import BackupSettings
from floe_compiler.kit.backups.stores import SECRET, database_backups, folder
from floe_compiler.kit.backups.tasks import backup_parts
from floe_compiler.kit.s3 import check_prefix
from floe_compiler.model.accounts import WorkloadIdentity
from floe_compiler.model.capabilities import BackupStore, DatabaseBackups
from floe_compiler.model.endpoint import Endpoint, Port
from floe_compiler.model.facts import Parts
from floe_compiler.model.fields import Name, SecretKeyName, matching
from floe_compiler.model.inputs import Input
from floe_compiler.model.plan import Component, Context, Instance
from floe_compiler.model.secrets import Secret, SecretKey

ACCOUNT_ANNOTATION = "iam.gke.io/gcp-service-account"
HTTPS = Port("https", 443, scheme="https")
STORAGE = Endpoint("storage.googleapis.com", (HTTPS,))
TOKENS = Endpoint("oauth2.googleapis.com", (HTTPS,))
# Data plane V1 translates the address before policies apply to it; V2 does not.
METADATA = (
    Endpoint("metadata.google.internal", (Port("http", 80),), cidr="169.254.169.254/32"),
    Endpoint("metadata.google.internal", (Port("http", 988),), cidr="169.254.169.252/32"),
)

ServiceAccount = Annotated[
    str,
    matching(
        r"^[a-z][a-z0-9-]{4,28}[a-z0-9]@[a-z0-9.-]+\.iam\.gserviceaccount\.com$",
        "the mail address of a service account",
        "backups@acme-data.iam.gserviceaccount.com",
    ),
]
BucketName = Annotated[
    str,
    matching(r"^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$", 'lower-case letters, digits, ".", "_" and "-"', "acme-backups"),
]


class GoogleIdentity(Input):
    """The Jobs act as a Google service account with their ServiceAccount, so no key is stored."""

    type: Literal["identity"]
    """How the Jobs log in."""
    service_account: ServiceAccount
    """The Google service account. It must let the ServiceAccounts of the Jobs act as itself."""


class GoogleKey(Input):
    """The Jobs log in with the key of a Google service account, from a secret of the namespace."""

    type: Literal["secret"]
    """How the Jobs log in."""
    name: Name = SECRET
    """The secret's name. Each namespace has its own, so that no domain has the key to the backups of another."""
    key: SecretKeyName = "service-account.json"
    """The secret's key with the JSON file."""


class GcsBackupConfig(BackupSettings):
    """Backups of databases in an existing bucket of Google Cloud Storage."""

    type: Literal["gcs"] = "gcs"
    """The kind of store."""
    bucket: BucketName
    """The bucket."""
    prefix: Annotated[str, AfterValidator(check_prefix)] = ""
    """The folder in the bucket, which has one for each environment. Default: the whole bucket."""
    credentials: Annotated[GoogleIdentity | GoogleKey, Field(discriminator="type")]
    """How the Jobs log in."""


def store(instance: Instance[GcsBackupConfig]) -> BackupStore:
    """Return where the backups of the instance's namespace are."""
    config, login = instance.config, instance.config.credentials
    place = BackupStore(kind="gcs", endpoint=STORAGE, bucket=config.bucket, folder=folder(instance, config.prefix))
    if isinstance(login, GoogleIdentity):
        account = ((ACCOUNT_ANNOTATION, login.service_account),)
        return replace(place, identity=WorkloadIdentity(account, endpoints=METADATA))
    secret = Secret(login.name, instance.namespace, (SecretKey(login.key),))
    return replace(place, secret_key=secret.key(login.key), token_endpoint=TOKENS)


def provides(instance: Instance[GcsBackupConfig]) -> tuple[DatabaseBackups, ...]:
    """Return how databases of the namespace are backed up."""
    return (database_backups(instance.config, store(instance)),)


def build(_context: Context[GcsBackupConfig]) -> Parts:
    """Return no parts: they follow from the databases of the namespace."""
    return Parts()


def extends(context: Context[GcsBackupConfig], parts: tuple[Parts, ...]) -> Parts:
    """Return the tasks of the databases."""
    return backup_parts(context.config, store(context.instance), parts)


COMPONENT = Component(
    slot="databases.backup",
    type="gcs",
    name="database-backups",
    summary="Backups of databases in Google Cloud Storage",
    config=GcsBackupConfig,
    build=build,
    provides=provides,
    extends=extends,
    scope="each",
)
