"""Marquez: receives OpenLineage events, stores them in PostgreSQL and shows them in a web interface.

Sources: MarquezProject/marquez 0.51.1 (Dockerfiles, `docker/entrypoint.sh`, `MarquezApp.java`, `DbMigrateCommand.java`,
`web/setupProxy.js`). Its images run as root and do not define another user. Nothing in its source writes a file, and
all files that it runs from are readable for everyone. So it runs as user 1000 on a read-only root file system, where
only the JVM writes, to `/tmp`. This was tested with its framework (Dropwizard 2.1 with jdbi3 and Flyway), but not with
Marquez itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Annotated, Literal

from pydantic import AfterValidator

from floe_compiler.kit import deadlines, postgresql, resources
from floe_compiler.model.capabilities import Database, Lineage
from floe_compiler.model.endpoint import Endpoint, Port, service_endpoint
from floe_compiler.model.facts import (
    ConfigFile,
    Container,
    Identity,
    Parts,
    Pod,
    Probe,
    SecretFile,
    Task,
    Variable,
    Workload,
)
from floe_compiler.model.inputs import Amounts, DatabaseChoice, Input, PostgresqlServer, Replicas, ResourceSettings
from floe_compiler.model.operations import Interface, Metrics, Panel, Scaling
from floe_compiler.model.plan import Component, Context, DatabaseNeed, Instance, Refusal
from floe_compiler.model.quantities import parse_quantity
from floe_compiler.model.yaml_text import to_yaml

IMAGE = "docker.io/marquezproject/marquez:0.51.1"
WEB_IMAGE = "docker.io/marquezproject/marquez-web:0.51.1"
SLOT = "observability.lineage"
ARCHITECTURE = "amd64"  # both images are published only for this
ARCHITECTURE_LABEL = "kubernetes.io/arch"
IDENTITY = Identity(1000, 1000, 1000)
HOME = "/usr/src/app"
CONFIG = "/etc/marquez/config.yml"
PASSWORD_FILE = "/run/secrets/marquez/password"  # noqa: S105 - a path

API = Port("http", 5000)
# Not in the Service, as it allows anyone to dump threads and run tasks without a login.
ADMIN = Port("admin", 5001, service=False)
WEB = Port("http", 3000, health="/healthcheck")

# The image's own entrypoint does not `exec`, so SIGTERM never reaches Java. The password is in double quotes in the
# YAML of the configuration, where "\" and the quote need a "\" before them.
START = r"""set -eu
MARQUEZ_DB_PASSWORD="$(sed 's/["\\]/\\&/g' "$PASSWORD_FILE")"
export MARQUEZ_DB_PASSWORD
exec java -XX:MaxRAMPercentage=60 -XX:+ExitOnOutOfMemoryError -Duser.timezone=UTC -jar marquez-*.jar "$@"
"""

# With less memory, the JVM is killed each time it starts.
LEAST_MEMORY = "512Mi"
# A JVM on a busy node takes minutes to start; ten minutes are allowed (REQ-646).
STARTUP = Probe(port=ADMIN.name, path="/ping", period=10, timeout=5, failures=60)
# Not /healthcheck, which queries the database: an outage of the database would restart all replicas.
LIVENESS = Probe(port=ADMIN.name, path="/ping", period=10, timeout=5, failures=3)
READINESS = Probe(port=ADMIN.name, path="/healthcheck", period=10, timeout=5, failures=3)
WEB_HEALTH = Probe(port=WEB.name, path=WEB.health, period=10, timeout=5, failures=3)

# Dropwizard waits up to 30 seconds for requests to finish.
GRACE = 40

MIGRATION_RETRIES = 3
SERVER_CONNECTIONS = 100
"""The default of a PostgreSQL server, which all replicas, a surge pod and the migration share."""

MOST_CONNECTIONS = 20
"""Of one replica; with more, a request waits for PostgreSQL instead of for a connection."""

# Names of `JobMetrics.java`, and of Dropwizard's own metrics as simpleclient writes them.
JETTY = "io_dropwizard_jetty_MutableServletContextHandler"
POOL = "io_dropwizard_db_ManagedPooledDataSource_MarquezApp_source"
PANELS = (
    Panel("Requests", f"sum(rate({JETTY}_requests_count{{$target}}[$interval]))", "per second", "requests"),
    Panel(
        "Failed requests", f"sum(rate({JETTY}_5xx_responses_total{{$target}}[$interval]))", "per second", "status 5xx"
    ),
    Panel(
        "Duration of requests",
        f'max by (quantile) ({JETTY}_requests{{quantile=~"0.5|0.95|0.99",$target}})',
        "seconds",
        "quantile {{quantile}}",
    ),
    Panel(
        "Connections to the database",
        f"sum by (instance) ({POOL}_active{{$target}})",
        legend="{{instance}}",
        stacked=True,
    ),
    Panel(
        "Runs that were completed",
        "sum(increase(marquez_job_runs_completed{$target}[$interval]))",
        legend="runs",
    ),
)


def enough_memory(settings: ResourceSettings) -> ResourceSettings:
    """Refuse less memory than the JVM needs to start, as Marquez would then restart forever."""
    memory = settings.requests.memory
    if _bytes(memory) < _bytes(LEAST_MEMORY):
        raise ValueError(f"{memory} of memory make Marquez restart forever; request at least {LEAST_MEMORY}")
    return settings


def _bytes(memory: str) -> Fraction:
    return parse_quantity(memory).amount


class MarquezWebConfig(Input):
    """The web interface of Marquez."""

    enabled: bool = True
    """Whether to run the web interface."""
    replicas: Replicas = 2
    """The number of replicas, or the bounds of an autoscaler."""
    resources: ResourceSettings = ResourceSettings(
        requests=Amounts(cpu="100m", memory="128Mi"), limits=Amounts(cpu="500m", memory="512Mi")
    )
    """CPU and memory of each replica."""


class MarquezConfig(Input):
    """Marquez, which shows the lineage of all domains."""

    type: Literal["marquez"] = "marquez"
    """The kind of lineage service."""
    replicas: Replicas = 2
    """The number of servers, or the bounds of an autoscaler."""
    resources: Annotated[ResourceSettings, AfterValidator(enough_memory)] = ResourceSettings(
        requests=Amounts(cpu="500m", memory="1Gi"), limits=Amounts(cpu="2", memory="2Gi")
    )
    """CPU and memory of each server; at least 512Mi."""
    web: MarquezWebConfig = MarquezWebConfig()
    """The web interface."""
    database: DatabaseChoice = PostgresqlServer()
    """The database for the events."""


def databases(instance: Instance[MarquezConfig]) -> tuple[DatabaseNeed, ...]:
    """Return the database of Marquez."""
    return (DatabaseNeed(instance.config.database, "marquez", "marquez"),)


def endpoint(instance: Instance[MarquezConfig]) -> Endpoint:
    """Return the endpoint for events."""
    return service_endpoint(instance.name, instance.namespace, instance.settings.cluster.domain, (API,))


def provides(instance: Instance[MarquezConfig]) -> tuple[Lineage, ...]:
    """Return the receiver of OpenLineage events."""
    server = endpoint(instance)
    return (Lineage(instance.name, server, server.url()),)


def refuses(context: Context[MarquezConfig]) -> Iterator[Refusal]:
    """Refuse nodes with a CPU architecture that the images are not built for."""
    architecture = context.instance.placement.services.node_selector.get(ARCHITECTURE_LABEL, ARCHITECTURE)
    if architecture != ARCHITECTURE:
        yield Refusal(
            f"only has images for {ARCHITECTURE}, but servers run on nodes with {ARCHITECTURE_LABEL}: {architecture}",
            hint=f"leave the label out of placement.services.node_selector, or leave {SLOT} out here",
            scope_path=("placement", "services", "node_selector", ARCHITECTURE_LABEL),
        )


def build(context: Context[MarquezConfig]) -> Parts:
    """Return the task that migrates the database schema, the server, and the web interface."""
    config, name = context.config, context.instance.name
    metrics = (Metrics(API.name, panels=PANELS),)
    server = Workload(
        name, _pod(context, "server"), replicas=resources.replicas(config.replicas), available=1, metrics=metrics
    )
    migration = Task(
        f"{name}-migrate",
        _pod(context, "db-migrate"),
        deadlines.PREPARATION,
        MIGRATION_RETRIES,
        prepares=(endpoint(context.instance),),
    )
    web = (_web(context.instance),) if config.web.enabled else ()
    return Parts((server, *web), (migration,))


def configuration(database: Database, most_replicas: int) -> str:
    """Return Marquez's configuration, without the password, which the start script sets."""
    return to_yaml(
        {
            "server": {
                "applicationConnectors": [{"type": "http", "port": API.number, "httpCompliance": "RFC7230_LEGACY"}],
                "adminConnectors": [{"type": "http", "port": ADMIN.number}],
            },
            "db": {
                "driverClass": "org.postgresql.Driver",
                "url": postgresql.jdbc_url(database),
                "user": database.user or "${MARQUEZ_DB_USER}",
                "password": "${MARQUEZ_DB_PASSWORD}",
                "initialSize": 1,
                "minSize": 1,
                "maxSize": max(1, min(MOST_CONNECTIONS, SERVER_CONNECTIONS // (most_replicas + 2))),
            },
            # The task migrates, as it has more time than a starting server. An empty database is always set up.
            "migrateOnStartup": False,
            "search": {"enabled": False},
            "logging": {"level": "INFO", "appenders": [{"type": "console"}]},
        }
    )


def _pod(context: Context[MarquezConfig], command: str) -> Pod:
    """Return the pod that runs one of Marquez's commands."""
    database = context.required(Database)
    serves = command == "server"
    replicas = resources.replicas(context.config.replicas)
    most = replicas.maximum if isinstance(replicas, Scaling) else replicas
    user = (postgresql.user_variable("MARQUEZ_DB_USER", database),) if database.user_key else ()
    container = Container(
        name="marquez",
        image=IMAGE,
        resources=resources.declared(context.config.resources),
        command=("sh", "-c", START, "marquez"),
        arguments=(command, CONFIG),
        variables=(Variable("PASSWORD_FILE", PASSWORD_FILE), *user),
        ports=(API, ADMIN) if serves else (),
        startup=STARTUP if serves else None,
        liveness=LIVENESS if serves else None,
        readiness=READINESS if serves else None,
        config=(ConfigFile(CONFIG, configuration(database, most), context.instance.name),),
        secret_files=(SecretFile(PASSWORD_FILE, database.password),),
        working_directory=HOME,
    )
    called = (database.endpoint,)
    return Pod((container,), IDENTITY, calls=called, waits_for=called, grace=GRACE, architecture=ARCHITECTURE)


def _web(instance: Instance[MarquezConfig]) -> Workload:
    config, server = instance.config.web, endpoint(instance)
    container = Container(
        name="web",
        image=WEB_IMAGE,
        resources=resources.declared(config.resources),
        # Like the image's entrypoint, but SIGTERM reaches Node.
        command=("node", "setupProxy.js"),
        variables=(
            Variable("MARQUEZ_HOST", server.host),
            Variable("MARQUEZ_PORT", str(server.port().number)),
            Variable("WEB_PORT", str(WEB.number)),
        ),
        ports=(WEB,),
        liveness=WEB_HEALTH,
        readiness=WEB_HEALTH,
        working_directory=HOME,
    )
    return Workload(
        name=f"{instance.name}-web",
        pod=Pod((container,), IDENTITY, calls=(server,), architecture=ARCHITECTURE),
        replicas=resources.replicas(config.replicas),
        interfaces=(Interface(f"{instance.name}-web", WEB.name),),
    )


COMPONENT = Component(
    slot=SLOT,
    type="marquez",
    summary="Marquez: OpenLineage events, and a web interface that shows them",
    config=MarquezConfig,
    build=build,
    databases=databases,
    provides=provides,
    refuses=refuses,
    profiles={"light": {"replicas": 1, "web": {"replicas": 1}}},
    scope="platform",
)
