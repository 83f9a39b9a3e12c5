"""Backups of databases in the mesh's own SeaweedFS: for development, as they are lost together with the cluster."""

from __future__ import annotations

from typing import Literal

from floe_compiler.kit import seaweedfs
from floe_compiler.kit.backups.own_store import OwnStore, OwnStoreSettings, component


class SeaweedBackupConfig(OwnStoreSettings):
    """Backups of databases in a bucket of the mesh's own SeaweedFS, which is made. They are lost with the cluster."""

    type: Literal["seaweedfs"] = "seaweedfs"
    """The kind of store."""


OWN = OwnStore(seaweedfs.NAME, "SeaweedFS", seaweedfs.REGION, seaweedfs.endpoint, seaweedfs.client, seaweedfs.buckets)

COMPONENT = component(OWN, SeaweedBackupConfig)
