"""Where backups are kept."""

from __future__ import annotations

from typing import Literal

import msgspec

from floe_compiler.model.accounts import WorkloadIdentity
from floe_compiler.model.endpoint import Endpoint
from floe_compiler.model.secrets import SecretReference


class BackupStore(msgspec.Struct, frozen=True):
    """Where backups are kept: a bucket (S3, GCS), or a container of a storage account (ADLS).

    Clients log in with keys or with an identity. `folder` is that of one namespace of one environment.
    """

    kind: Literal["s3", "gcs", "adls"]
    endpoint: Endpoint
    bucket: str
    folder: str
    region: str = ""
    url: str = ""
    """The endpoint for S3 clients; empty for AWS."""

    path_style: bool = False
    account: str = ""
    """The storage account (ADLS)."""

    access_key: SecretReference | None = None
    secret_key: SecretReference | None = None
    """The secret access key (S3), the JSON key of a service account (GCS), or the key of the storage account (ADLS)."""

    token_endpoint: Endpoint | None = None
    """The server that exchanges the key for a token, if there is one."""

    identity: WorkloadIdentity | None = None

    def calls(self) -> tuple[Endpoint, ...]:
        """Return every server that a client of the store connects to, without those of its identity."""
        return (self.endpoint, self.token_endpoint) if self.token_endpoint else (self.endpoint,)
