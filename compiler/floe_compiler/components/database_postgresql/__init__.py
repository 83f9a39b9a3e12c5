"""PostgreSQL inside the cluster: one server with the databases of all components that use it.

Sources: docker-library/postgres, `16/trixie/Dockerfile` and `docker-entrypoint.sh` (user, paths, variables, signals);
the script, the stop and the read-only root file system were tested with PostgreSQL 15 from Debian.
"""

from __future__ import annotations

from pydantic import Field

from floe_compiler.components.database_postgresql import monitoring
from floe_compiler.components.database_postgresql.tls import with_tls
from floe_compiler.kit import databases, postgresql
from floe_compiler.kit.monitoring.postgresql import PORT
from floe_compiler.kit.postgresql import DatabaseOwner, administrator_secret
from floe_compiler.kit.resources import declared
from floe_compiler.model.capabilities import Database, Monitoring
from floe_compiler.model.endpoint import Endpoint, service_endpoint
from floe_compiler.model.facts import (
    Claim,
    Container,
    Identity,
    Parts,
    Pod,
    Probe,
    Scratch,
    SecretFile,
    Variable,
    Workload,
)
from floe_compiler.model.fields import Name
from floe_compiler.model.inputs import PostgresqlServer
from floe_compiler.model.operations import DatabaseData, Metrics
from floe_compiler.model.plan import Component, Context, Instance, Requirement

IDENTITY = Identity(999, 999, 999)
VOLUME = "/var/lib/postgresql/data"
# A folder below the volume's root, as the root may have a `lost+found`, which initdb refuses.
DATA = f"{VOLUME}/pgdata"
SECRETS = "/run/secrets/postgresql"

# Over TCP: while the entrypoint sets up a new volume, a temporary server answers on the socket only.
READY = ("pg_isready", "-q", "-h", "127.0.0.1", "-U", postgresql.ADMINISTRATOR, "-d", "postgres")
HEALTH = Probe(command=READY, period=5, timeout=5, failures=5)
# Ten minutes: after a crash, the server first replays its log.
START = Probe(command=READY, period=10, timeout=5, failures=60)
# Closes open connections, for which SIGTERM would wait; then the kubelet waits for the process.
STOP = ("pg_ctl", "stop", "-m", "fast", "-W")
GRACE = 120


class ServerConfig(PostgresqlServer):
    """A server with the databases of its consumers. Derived from their `database` settings, not written by people."""

    server: Name
    """The server's name."""
    databases: tuple[DatabaseOwner, ...] = Field(default=(), strict=False)
    """The databases on it."""


def endpoint(instance: Instance[ServerConfig]) -> Endpoint:
    """Return the server's endpoint."""
    settings, port = instance.settings, postgresql.server_port(instance.settings)
    return service_endpoint(instance.config.server, instance.namespace, settings.cluster.domain, (port,))


def provides(instance: Instance[ServerConfig]) -> tuple[Database, ...]:
    """Return the databases, each by the name `<server>/<database>`."""
    return databases.provided(instance, endpoint(instance), instance.config.databases)


def build(context: Context[ServerConfig]) -> Parts:
    """Return the server, the task that creates the databases, and the data to back up."""
    instance = context.instance
    data = tuple(
        DatabaseData(database.endpoint, database.database, database.user, database.password, postgresql.IMAGE)
        for database in provides(instance)
    )
    monitored = context.optional(Monitoring) is not None
    server, config = endpoint(instance), instance.config
    setup = (monitoring.role(server, config.server, databases.RESOURCES),) if monitored else ()
    return Parts(
        workloads=(_server(instance, monitored=monitored),),
        tasks=(databases.creation(instance, server, config.databases, setup),),
        data=data,
        alerts=monitoring.alerts(instance.namespace, config.server, config.storage) if monitored else (),
    )


def requires(_instance: Instance[ServerConfig]) -> tuple[Requirement, ...]:
    """Return the optional requirement of something that collects metrics."""
    return (Requirement(Monitoring, optional=True),)


def _server(instance: Instance[ServerConfig], *, monitored: bool) -> Workload:
    config = instance.config
    exporter = (monitoring.exporter(config.server, instance.namespace),) if monitored else ()
    password = administrator_secret(config.server, instance.namespace).key(postgresql.PASSWORD)
    container = Container(
        name="postgresql",
        image=postgresql.IMAGE,
        resources=declared(config.resources),
        variables=(
            Variable("PGDATA", DATA),
            Variable("POSTGRES_USER", postgresql.ADMINISTRATOR),
            Variable("POSTGRES_PASSWORD_FILE", f"{SECRETS}/password"),
            Variable("POSTGRES_INITDB_ARGS", "--data-checksums --auth-host=scram-sha-256"),
        ),
        ports=(postgresql.server_port(instance.settings),),
        startup=START,
        liveness=HEALTH,
        readiness=HEALTH,
        secret_files=(SecretFile(f"{SECRETS}/password", password),),
        # Parallel queries use shared memory; the default of 64 MiB is not enough.
        scratch=(Scratch("/var/run/postgresql"), Scratch("/dev/shm", "256Mi", memory=True)),  # noqa: S108
        claims=(Claim("data", VOLUME, config.storage),),
        before_stop=STOP,
    )
    if instance.settings.tls_issuer:
        container = with_tls(container, config.server)
    return Workload(
        name=config.server,
        kind="StatefulSet",
        pod=Pod((container, *exporter), IDENTITY, grace=GRACE),
        metrics=(Metrics(PORT.name, panels=monitoring.PANELS),) if monitored else (),
        single="PostgreSQL has no failover of its own: a second server would be another, empty database. "
        "Use an external server where the database must be highly available.",
    )


COMPONENT = Component(
    slot="database",
    type="postgresql",
    summary="PostgreSQL inside the cluster, as a StatefulSet",
    config=ServerConfig,
    build=build,
    provides=provides,
    requires=requires,
)
