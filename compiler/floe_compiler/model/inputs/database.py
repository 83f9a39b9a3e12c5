"""The choice of a database, for the components that need one."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from floe_compiler.model.fields import (
    Name,
    NamespaceName,
    ObjectName,
    PortNumber,
    SecretKeyName,
    SqlName,
    Storage,
)
from floe_compiler.model.inputs.common import (
    Amounts,
    Input,
    ResourceSettings,
)
from floe_compiler.model.inputs.servers import OutsideServer
from floe_compiler.model.schema_words import DEFAULT_TYPE


class PostgresqlServer(Input):
    """A PostgreSQL server inside the cluster, as a StatefulSet."""

    type: Literal["postgresql"] = "postgresql"
    """The kind of database."""
    server: Name | None = None
    """The server's name; components with the same name here share one server. Default: `<component>-postgresql`."""
    storage: Storage = "10Gi"
    """The size of its volume."""
    resources: ResourceSettings = ResourceSettings(
        requests=Amounts(cpu="500m", memory="1Gi"), limits=Amounts(cpu="2", memory="2Gi")
    )
    """CPU and memory."""


class CloudNativePg(Input):
    """A PostgreSQL cluster with failover inside the cluster, run by the CloudNativePG operator."""

    type: Literal["cloudnative-pg"]
    """The kind of database."""
    server: Name | None = None
    """The cluster's name; components with the same name here share one. Default: `<component>-postgresql`."""
    instances: Annotated[int, Field(ge=1, le=9)] = 3
    """The number of servers: one that is written to, and replicas, one of which takes its place if it fails."""
    storage: Storage = "10Gi"
    """The size of each server's volume."""
    resources: ResourceSettings = ResourceSettings(
        requests=Amounts(cpu="500m", memory="1Gi"), limits=Amounts(cpu="2", memory="2Gi")
    )
    """CPU and memory of each server."""
    operator_namespace: NamespaceName = "cnpg-system"
    """The namespace that the operator runs in."""


class SecretKeys(Input):
    """The keys of a database's secret."""

    username: SecretKeyName = "username"
    """The key with the user's name."""
    password: SecretKeyName = "password"  # noqa: S105 - the name of a key
    """The key with the password."""


class DatabaseSecret(Input):
    """The secret that holds a database's credentials."""

    name: ObjectName
    """The secret's name."""
    keys: SecretKeys = SecretKeys()
    """The keys of the user's name and the password."""
    existing: bool = False
    """The Secret is created outside the compiler, which then renders nothing for it."""


class ExternalPostgresql(OutsideServer):
    """An external PostgreSQL server, such as RDS (recommended for production)."""

    type: Literal["external"]
    """The kind of database."""
    port: PortNumber = 5432
    """The server's port."""
    database: SqlName | None = None
    """The database's name. Default: the component's usual name."""
    user: SqlName | None = None
    """The user's name. Default: the secret's value under `keys.username`."""
    tls: Literal["verify-full", "require", "prefer"] = "require"
    """`verify-full`: connections are encrypted, and the server's certificate is verified by the authorities in `trust`
    of the environment; `require`: they are encrypted, but nothing is verified; `prefer`: only if the server can."""
    secret: DatabaseSecret
    """The secret with the credentials."""


INSIDE = "postgresql"
"""The default type of a database."""


def _with_default_type(value: Any) -> Any:
    """Add the default type, a server inside the cluster, where none is set."""
    return {"type": INSIDE, **value} if isinstance(value, dict) else value


DatabaseChoice = Annotated[
    PostgresqlServer | CloudNativePg | ExternalPostgresql,
    Field(discriminator="type", json_schema_extra={DEFAULT_TYPE: INSIDE}),
    BeforeValidator(_with_default_type),
]
