"""Backups of databases in the mesh's own MinIO: for development, as they are lost together with the cluster."""

from __future__ import annotations

from typing import Literal

from floe_compiler.kit import minio
from floe_compiler.kit.backups.own_store import OwnBackupSettings, component


class MinioBackupConfig(OwnBackupSettings):
    """Backups of databases in a bucket of the mesh's own MinIO, which is created. They are lost with the cluster."""

    type: Literal["minio"] = "minio"
    """The kind of store."""


COMPONENT = component(minio.OWN, MinioBackupConfig)
