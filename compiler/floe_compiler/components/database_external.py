"""A PostgreSQL server that somebody else runs, such as RDS: nothing is rendered for it, consumers only learn of it."""

from __future__ import annotations

from pydantic import Field

from floe_compiler.kit import postgresql
from floe_compiler.kit.postgresql import DatabaseOwner
from floe_compiler.model.capabilities import Database
from floe_compiler.model.endpoint import Endpoint, Port
from floe_compiler.model.facts import Parts
from floe_compiler.model.fields import Name
from floe_compiler.model.inputs import DatabaseSecret, ExternalPostgresql
from floe_compiler.model.plan import Component, Context, Instance
from floe_compiler.model.secrets import Secret, SecretKey


class ExternalConfig(ExternalPostgresql):
    """A server with the databases that its consumers use. Never authored: consumers say where their database is."""

    server: Name
    """What the server is called here."""
    databases: tuple[DatabaseOwner, ...] = Field(default=(), strict=False)
    """The databases on it that are used, made by those who run it."""


def provides(instance: Instance[ExternalConfig]) -> tuple[Database, ...]:
    """Return the databases, each by the name `<server>/<database>`."""
    config = instance.config
    port = Port(postgresql.PORT.name, config.port, scheme=postgresql.PORT.scheme)
    return tuple(
        Database(
            name=f"{config.server}/{owner.database}",
            endpoint=Endpoint(config.host, (port,), cidr=config.cidr),
            database=owner.database,
            user=owner.user,
            password=secret(config.secret, instance.namespace).key(config.secret.keys.password),
            image=postgresql.IMAGE,
        )
        for owner in config.databases
    )


def secret(named: DatabaseSecret, namespace: str) -> Secret:
    """Return the secret with the credentials; its values come from those who run the server, so none is made up."""
    keys = (SecretKey(named.keys.username), SecretKey(named.keys.password))
    return Secret(named.name, namespace, keys, existing=named.existing)


def build(_context: Context[ExternalConfig]) -> Parts:
    """Return nothing: the server runs elsewhere."""
    return Parts()


COMPONENT = Component(
    slot="database",
    type="external",
    summary="A PostgreSQL server outside the cluster, such as RDS",
    config=ExternalConfig,
    build=build,
    provides=provides,
)
