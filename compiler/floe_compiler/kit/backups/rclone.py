"""How rclone is told about an object store: by variables, for a remote with a name; keys are files.

Sources: rclone's documentation of the variables (`RCLONE_CONFIG_<remote>_<option>`) and of the backends `s3`,
`google cloud storage` and `azureblob`. With `env_auth`, rclone logs in as the pod: by the AWS SDK's chain, Google's
application default credentials, or Azure's `DefaultAzureCredential`, which know the workload identity of their cloud.
"""

from __future__ import annotations

from collections.abc import Iterator

from floe_compiler.model.capabilities import BackupStore
from floe_compiler.model.facts import SecretFile, Variable

STORE = "STORE"
"""The remote where backups are kept."""

KEYS = "/run/secrets/store"
"""The folder of its keys: files called as the last part of the variable that rclone takes the key from."""

TEMPORARY = "/tmp"  # noqa: S108 - the path in the container

_TYPES = {"s3": "s3", "gcs": "google cloud storage", "adls": "azureblob"}
_KEY_NAMES = {"s3": "SECRET_ACCESS_KEY", "gcs": "SERVICE_ACCOUNT_CREDENTIALS", "adls": "KEY"}


def store_variables(store: BackupStore) -> tuple[Variable, ...]:
    """Return the variables of rclone and of the scripts that call it."""
    return (
        Variable("KEYS", KEYS),
        # No file with settings, and nothing outside of the folder that is writable.
        Variable("RCLONE_CONFIG", "/dev/null"),
        Variable("RCLONE_CACHE_DIR", TEMPORARY),
        Variable("HOME", TEMPORARY),
        # The Job tries again, too.
        Variable("RCLONE_LOW_LEVEL_RETRIES", "3"),
        *remote_variables(store, STORE),
    )


def remote_variables(store: BackupStore, remote: str) -> tuple[Variable, ...]:
    """Return the variables that say what the remote with this name, in capital letters, is."""
    options = {"TYPE": _TYPES[store.kind], **dict(_options(store))}
    if store.identity:
        options["ENV_AUTH"] = "true"
    return tuple(Variable(f"RCLONE_CONFIG_{remote}_{name}", value) for name, value in options.items())


def _options(store: BackupStore) -> Iterator[tuple[str, str]]:
    if store.kind == "s3":
        yield "PROVIDER", "Other" if store.url else "AWS"
        yield "REGION", store.region
        if store.url:
            yield "ENDPOINT", store.url
            yield "FORCE_PATH_STYLE", "true" if store.path_style else "false"
    if store.kind == "adls":
        yield "ACCOUNT", store.account
    if store.kind == "gcs":
        # Buckets with uniform access, which Google recommends, refuse access lists of single objects.
        yield "BUCKET_POLICY_ONLY", "true"
    # It would create the bucket, which its key does not allow.
    yield ("NO_CHECK_CONTAINER" if store.kind == "adls" else "NO_CHECK_BUCKET"), "true"


def key_files(store: BackupStore, folder: str = KEYS) -> tuple[SecretFile, ...]:
    """Return the files with the keys, in a folder; none for an identity."""
    access = [SecretFile(f"{folder}/ACCESS_KEY_ID", store.access_key)] if store.access_key else []
    secret = [SecretFile(f"{folder}/{_KEY_NAMES[store.kind]}", store.secret_key)] if store.secret_key else []
    return (*access, *secret)


def address(store: BackupStore, *folders: str) -> str:
    """Return a folder as rclone and people write it: `bucket/prod/floe-sales-domain`."""
    return "/".join((store.bucket, store.folder, *folders))
