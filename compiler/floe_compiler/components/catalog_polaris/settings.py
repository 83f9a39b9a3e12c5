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
    """The catalog's name in Polaris, which Iceberg clients call the warehouse."""
    realm: Name | None = None
    """The realm; default: the platform's name. Another realm is another, empty catalog."""
    replicas: Replicas = 2
    """How many servers, or the bounds of an autoscaler (`{minimum: 2, maximum: 6}`)."""
    database: DatabaseChoice = PostgresqlServer()
    """Where its tables are."""
    resources: ResourceSettings = ResourceSettings(
        requests=Amounts(cpu="500m", memory="1Gi"), limits=Amounts(cpu="2", memory="2Gi")
    )
    """CPU and memory of each server."""
    writable_root: bool = False
    """Give the containers a writable root file system, should the images turn out to need one."""
