"""The settings of backups that do not depend on where they are kept."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from floe_compiler.model.fields import Schedule, Storage, Timeout, TimeZone
from floe_compiler.model.inputs import Amounts, Input, ResourceSettings


class BackupSettings(Input):
    """When databases are backed up, and for how long backups are kept."""

    schedule: Schedule = "0 */6 * * *"
    """When each database is backed up."""
    time_zone: TimeZone = "Etc/UTC"
    """The time zone of the schedules."""
    retention_days: Annotated[int, Field(ge=1)] | None = 30
    """Older backups are deleted after each successful one. `null`: never, as where the bucket has a lifecycle rule."""
    restore_test: Schedule | None = "30 4 * * 0"
    """When the newest backup is restored into an empty server, to see that it can be. `null`: never."""
    working_space: Storage = "10Gi"
    """The disk space of a node that a backup or a restore may take: the dump and, for a restore, the whole database."""
    timeout: Timeout = "1h"
    """How long a backup or a restore may take."""
    resources: ResourceSettings = ResourceSettings(
        requests=Amounts(cpu="100m", memory="256Mi"), limits=Amounts(cpu="1", memory="1Gi")
    )
    """CPU and memory of each container of a backup or a restore."""
