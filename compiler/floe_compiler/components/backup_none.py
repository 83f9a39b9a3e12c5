"""No backups of the databases in the cluster, for a reason that somebody has written down."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from floe_compiler.model.capabilities import DatabaseBackups
from floe_compiler.model.facts import Parts
from floe_compiler.model.fields import Reason
from floe_compiler.model.inputs import Input
from floe_compiler.model.plan import Component, Context, Instance


class NoBackupConfig(Input):
    """Databases in the cluster are not backed up, or by somebody else."""

    type: Literal["none"] = "none"
    """No backups."""
    reason: Annotated[Reason, Field(examples=["the storage class takes snapshots every hour"])]
    """Why that is right."""


def provides(_instance: Instance[NoBackupConfig]) -> tuple[DatabaseBackups, ...]:
    """Return backups without a store."""
    return (DatabaseBackups(name="none"),)


def build(_context: Context[NoBackupConfig]) -> Parts:
    """Return no parts."""
    return Parts()


COMPONENT = Component(
    slot="databases.backup",
    type="none",
    name="database-backups",
    summary="No backups of databases, with the reason",
    config=NoBackupConfig,
    build=build,
    provides=provides,
    scope="each",
)
