"""An external PostgreSQL server, such as RDS. Nothing is rendered for it; its consumers get its address."""

from __future__ import annotations

from pydantic import Field

from floe_compiler.kit import postgresql
from floe_compiler.model.capabilities import Database
from floe_compiler.model.endpoint import Endpoint, Port
from floe_compiler.model.facts import Parts
from floe_compiler.model.fields import Name, SqlName
from floe_compiler.model.inputs import ExternalPostgresql, Input
from floe_compiler.model.plan import Component, Context, Instance
from floe_compiler.model.secrets import Secret, SecretKey


class UsedDatabase(Input):
    """An existing database, and the role that logs in to it."""

    database: SqlName
    """The database's name."""
    user: SqlName | None = None
    """The role. Default: from the secret."""


class ExternalConfig(ExternalPostgresql):
    """A server with the databases of its consumers. Derived from their `database` settings, not written by people."""

    server: Name
    """The server's name in this platform."""
    databases: tuple[UsedDatabase, ...] = Field(default=(), strict=False)
    """The databases in use. The server's operators create them."""


def provides(instance: Instance[ExternalConfig]) -> tuple[Database, ...]:
    """Return the databases, each by the name `<server>/<database>`."""
    config, named = instance.config, instance.config.secret
    port = Port(postgresql.PORT.name, config.port, scheme=postgresql.PORT.scheme)
    return tuple(
        Database(
            name=f"{config.server}/{owner.database}",
            endpoint=Endpoint(config.host, (port,), cidr=config.cidr),
            database=owner.database,
            user=owner.user or "",
            password=secret(instance).key(named.keys.password),
            user_key=None if owner.user else secret(instance).key(named.keys.username),
            ssl_mode=config.tls,
        )
        for owner in config.databases
    )


def secret(instance: Instance[ExternalConfig]) -> Secret:
    """Return the secret with the credentials. The server's operators provide the values; they are never generated."""
    named = instance.config.secret
    keys = [SecretKey(named.keys.password)]
    if any(owner.user is None for owner in instance.config.databases):
        keys.insert(0, SecretKey(named.keys.username))
    return Secret(named.name, instance.namespace, tuple(keys), existing=named.existing)


def build(_context: Context[ExternalConfig]) -> Parts:
    """Return no parts, as the server runs elsewhere."""
    return Parts()


COMPONENT = Component(
    slot="database",
    type="external",
    summary="A PostgreSQL server outside the cluster, such as RDS",
    config=ExternalConfig,
    build=build,
    provides=provides,
)
