"""An external PostgreSQL server, such as RDS. Nothing is rendered for it but, where metrics are collected, an exporter.

The exporter logs in as the first of its consumers does, so it sees what every role may see: not how large databases
are, nor what others do. Sources: lib/pq 1.10, which postgres_exporter uses (`sslmode=prefer` is not supported);
PostgreSQL's documentation of `pg_stat_database`, which everybody may read.
"""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from floe_compiler.kit import postgresql
from floe_compiler.kit.monitoring.postgresql import PORT, WORK, alerts, connections, exporter
from floe_compiler.model.capabilities import Database, Monitoring
from floe_compiler.model.endpoint import Endpoint, Port
from floe_compiler.model.facts import Identity, Parts, Pod, Workload
from floe_compiler.model.fields import Name, SqlName
from floe_compiler.model.inputs import ExternalPostgresql, Input
from floe_compiler.model.operations import Metrics
from floe_compiler.model.plan import Component, Context, Instance, Refusal, Requirement
from floe_compiler.model.secrets import Secret, SecretKey

SUFFIX = "-metrics"
IDENTITY = Identity(65534, 65534, 65534)
KNOWN_TO_THE_EXPORTER = ("require", postgresql.VERIFIED)
LEFT_OUT = ("--no-collector.database", "--no-collector.wal")
"""What asks for more rights than a consumer of the server has."""

CONNECTIONS = "pg_stat_database_numbackends"
PANELS = (connections(CONNECTIONS), *WORK)


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


def requires(_instance: Instance[ExternalConfig]) -> tuple[Requirement, ...]:
    """Return the optional requirement of something that collects metrics."""
    return (Requirement(Monitoring, optional=True),)


def refuses(context: Context[ExternalConfig]) -> Iterator[Refusal]:
    """Refuse to verify a certificate where the environment trusts no authority."""
    if context.config.tls == postgresql.VERIFIED and context.settings.trust is None:
        yield Refusal(
            "cannot verify the certificate of its server, as the environment does not say which authorities it trusts",
            hint="write trust: {bundle: ...} into the environment, or set tls: require",
            path=("tls",),
        )


def build(context: Context[ExternalConfig]) -> Parts:
    """Return the exporter of the server, which runs elsewhere, if metrics are collected."""
    instance, databases = context.instance, provides(context.instance)
    if context.optional(Monitoring) is None or not databases or instance.config.tls not in KNOWN_TO_THE_EXPORTER:
        return Parts()
    return Parts(
        (_exporter(instance, databases[0]),), alerts=alerts(instance.namespace, instance.config.server, CONNECTIONS)
    )


def _exporter(instance: Instance[ExternalConfig], database: Database) -> Workload:
    source = f"{database.endpoint.address()}/{database.database}{postgresql.connection_query(database)}"
    container = exporter(source, database.user_key or database.user, database.password, LEFT_OUT)
    return Workload(
        f"{instance.config.server}{SUFFIX}",
        Pod((container,), IDENTITY, calls=(database.endpoint,)),
        awaited=False,
        single="It keeps nothing, and two would report everything twice.",
        metrics=(Metrics(PORT.name, job=instance.config.server, panels=PANELS),),
    )


COMPONENT = Component(
    slot="database",
    type="external",
    summary="A PostgreSQL server outside the cluster, such as RDS",
    config=ExternalConfig,
    build=build,
    provides=provides,
    requires=requires,
    refuses=refuses,
)
