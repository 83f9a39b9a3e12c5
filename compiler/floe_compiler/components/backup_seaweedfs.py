"""Backups of databases in the mesh's own SeaweedFS: for development, as they are lost together with the cluster."""

from __future__ import annotations

from typing import Literal

from floe_compiler.kit import seaweedfs
from floe_compiler.kit.backups.own_store import OwnBackupSettings, component


class SeaweedBackupConfig(OwnBackupSettings):
    """Backups of databases in a bucket of the mesh's own SeaweedFS, which is made. They are lost with the cluster."""

    type: Literal["seaweedfs"] = "seaweedfs"
    """The kind of store."""


COMPONENT = component(seaweedfs.OWN, SeaweedBackupConfig)
