"""The configuration of the catalog `polaris`."""

from __future__ import annotations

from typing import Literal

from floe_compiler.model.fields import Name
from floe_compiler.model.inputs import Amounts, DatabaseChoice, Input, PostgresqlServer, Replicas, ResourceSettings


class PolarisConfig(Input):
    """Apache Polaris, with its tables in PostgreSQL."""

    type: Literal["polaris"] = "polaris"
    """The kind of catalog."""
    warehouse: Name = "warehouse"
    """The catalog's name in Polaris. Iceberg clients call it the warehouse."""
    realm: Name | None = None
    """The realm. Default: the platform's name. A new realm starts with an empty catalog."""
    replicas: Replicas = 2
    """The number of servers, or the bounds of an autoscaler (`{minimum: 2, maximum: 6}`)."""
    database: DatabaseChoice = PostgresqlServer()
    """The database for Polaris' own tables."""
    resources: ResourceSettings = ResourceSettings(
        requests=Amounts(cpu="500m", memory="1Gi"), limits=Amounts(cpu="2", memory="2Gi")
    )
    """CPU and memory of each server."""
    writable_root: bool = False
    """Make the containers' root file system writable, in case the images need it."""
