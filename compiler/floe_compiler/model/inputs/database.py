"""Databases, as the components that need one let people choose them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from floe_compiler.model.fields import (
    Name,
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
    """The server's name; consumers that name the same one share it. Default: `<component>-postgresql`."""
    storage: Storage = "10Gi"
    """The size of its volume."""
    resources: ResourceSettings = ResourceSettings(
        requests=Amounts(cpu="500m", memory="1Gi"), limits=Amounts(cpu="2", memory="2Gi")
    )
    """CPU and memory."""


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
    """Which keys hold what."""
    existing: bool = False
    """Somebody else puts the Secret into the namespace: nothing is rendered for it."""


class ExternalPostgresql(OutsideServer):
    """An external PostgreSQL server, such as RDS (recommended for production)."""

    type: Literal["external"]
    """The kind of database."""
    port: PortNumber = 5432
    """The server's port."""
    database: SqlName | None = None
    """The database; default: the component's usual one."""
    user: SqlName | None = None
    """The user; default: the one that the secret names under `keys.username`."""
    tls: Literal["require", "prefer"] = "require"
    """Whether connections must be encrypted, or are only if the server can; its certificate is not looked at."""
    secret: DatabaseSecret
    """Where the credentials are."""


INSIDE = "postgresql"
"""The type of a database whose type nobody says."""


def _inside_the_cluster(value: Any) -> Any:
    """Let a database whose type nobody says be a server inside the cluster."""
    return {"type": INSIDE, **value} if isinstance(value, dict) else value


DatabaseChoice = Annotated[
    PostgresqlServer | ExternalPostgresql,
    Field(discriminator="type", json_schema_extra={DEFAULT_TYPE: INSIDE}),
    BeforeValidator(_inside_the_cluster),
]
