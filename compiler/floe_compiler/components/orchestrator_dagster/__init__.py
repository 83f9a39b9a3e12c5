"""Dagster: a webserver, a daemon, a code location for each data product, and a Job for each run.

Sources: the Helm chart of Dagster (dagster-io/dagster, `helm/dagster`) for commands and paths, dagster-k8s 0.29.27 for
the API calls of its client. Tested with Dagster 1.13.27 as another user on a read-only root file system.
"""

from __future__ import annotations

from msgspec.structs import replace

from floe_compiler.components.orchestrator_dagster.daemon import DAEMON, JSON_LOGS, daemon
from floe_compiler.components.orchestrator_dagster.failover import refusals
from floe_compiler.components.orchestrator_dagster.instance_file import (
    HOME,
    WORKSPACE,
    Queue,
    credentials,
    instance_file,
    migration_file,
    workspace_file,
)
from floe_compiler.components.orchestrator_dagster.monitoring import alerts, exporter
from floe_compiler.components.orchestrator_dagster.runs import (
    CODE,
    DEFINITIONS,
    container_context,
    definitions,
    launched,
)
from floe_compiler.components.orchestrator_dagster.settings import DagsterConfig
from floe_compiler.kit import deadlines
from floe_compiler.kit.products import triggers
from floe_compiler.kit.products.data_product import (
    IDENTITY,
    LIGHT_STEPS,
    owner_annotation,
    product_labels,
    requirements,
)
from floe_compiler.kit.products.triggers import trigger_of
from floe_compiler.kit.resources import declared, replicas
from floe_compiler.model.accounts import PolicyRule
from floe_compiler.model.capabilities import Database, Monitoring
from floe_compiler.model.endpoint import Endpoint, Port, service_endpoint
from floe_compiler.model.facts import (
    Container,
    Launched,
    Parts,
    Pod,
    Probe,
    Resources,
    Task,
    Variable,
    Workload,
)
from floe_compiler.model.operations import Interface
from floe_compiler.model.plan import Component, Context, DatabaseNeed, Instance, Product, Refusal

IMAGE = "docker.io/dagster/dagster-celery-k8s:1.13.24"
"""The image that Dagster's chart uses for its own processes; this tag exists for amd64 and arm64."""

HTTP = Port("http", 3000, health="/server_info")
GRPC = Port("grpc", 4000, scheme="grpc")
ACCOUNT = "dagster"
SERVER_ID = "FLOE_SERVER_ID"
WEBSERVER = "dagster-webserver"
MIGRATION_RESOURCES = Resources(cpu="250m", memory="512Mi", cpu_limit="1", memory_limit="1Gi")

# Everything that dagster_k8s/client.py calls; the chart's Role allows much more.
LAUNCH_RUNS = (
    PolicyRule(("batch",), ("jobs",), ("create", "delete", "get", "list")),
    PolicyRule(("batch",), ("jobs/status",), ("get",)),
    PolicyRule(("",), ("pods",), ("delete", "get", "list")),
    PolicyRule(("",), ("pods/log",), ("get",)),
    PolicyRule(("",), ("events",), ("list",)),
)

# Only checks that the process answers, which it does without the database, too: restarts would not help there.
SERVER_INFO = Probe(port=HTTP.name, path=HTTP.health, period=20, timeout=10)
CODE_HEALTH = Probe(port="grpc", grpc=True, timeout=5)
LISTEN = "0.0.0.0"  # noqa: S104 - a server in a pod, behind its network policy


def databases(instance: Instance[DagsterConfig]) -> tuple[DatabaseNeed, ...]:
    """Return Dagster's own database."""
    return (DatabaseNeed(instance.config.database, database="dagster", user="dagster"),)


def refuses(context: Context[DagsterConfig]) -> tuple[Refusal, ...]:
    """Return why two daemons could not take turns, or new data could not be noticed."""
    of_daemons = refusals(context.config.daemon) if context.config.daemon.mode == "ha" else ()
    return (*of_daemons, *triggers.refusals(context))


def build(context: Context[DagsterConfig]) -> Parts:
    """Return Dagster's processes, the code locations of the products, and the pods of the runs."""
    config, products = context.config, context.instance.products
    queue = Queue(config.runs.at_once, config.runs.per_product)
    runs = tuple(launched(context, product, config.steps, queue) for product in products)
    host, monitored = _host(context, queue), context.optional(Monitoring) is not None
    domain = context.settings.cluster.domain
    webserver = service_endpoint(WEBSERVER, context.instance.namespace, domain, (HTTP,))
    return Parts(
        workloads=(
            _webserver(context, host),
            daemon(config.daemon, _pod(context, host, host=True)),
            *(_code_location(context, *location) for location in zip(products, runs, strict=True)),
            *((exporter(IMAGE, webserver),) if monitored else ()),
        ),
        tasks=(_migration(context, host),),
        launched=runs,
        alerts=tuple(alerts(context)) if monitored else (),
    )


def code_location(instance: Instance[DagsterConfig], product: Product) -> Endpoint:
    """Return the endpoint of a product's code location."""
    domain = instance.settings.cluster.domain
    return service_endpoint(f"code-{product.name}", instance.namespace, domain, (GRPC,))


def _host(context: Context[DagsterConfig], queue: Queue) -> Container:
    """Return the common fields of the containers of Dagster's own processes."""
    instance, config, database = context.instance, context.config, context.required(Database)
    locations = {product.name: code_location(instance, product) for product in instance.products}
    sensors = any(product.trigger for product in instance.products)
    file = instance_file(database, instance.namespace, queue, config.days_kept, sensors=sensors)
    return Container(
        name="dagster",
        image=IMAGE,
        resources=MIGRATION_RESOURCES,
        variables=(Variable("DAGSTER_HOME", HOME), Variable("HOME", "/tmp"), *credentials(database)),  # noqa: S108
        config=(file, workspace_file(locations)),
    )


def _pod(context: Context[DagsterConfig], container: Container, *, host: bool) -> Pod:
    """Return the pod of one of Dagster's own processes; only a `host` calls code locations and launches runs."""
    instance, database = context.instance, context.required(Database).endpoint
    locations = [code_location(instance, product) for product in instance.products] if host else []
    return Pod(
        containers=(container,),
        identity=IDENTITY,
        calls=(database, *locations),
        waits_for=(database,),
        kubernetes_api=LAUNCH_RUNS if host else (),
        account=ACCOUNT if host else "",
    )


def _webserver(context: Context[DagsterConfig], host: Container) -> Workload:
    settings = context.config.webserver
    container = replace(
        host,
        name="webserver",
        resources=declared(settings.resources),
        command=("dagster-webserver", "-h", LISTEN, "-p", str(HTTP.number), "-w", WORKSPACE, *JSON_LOGS),
        ports=(HTTP,),
        startup=replace(SERVER_INFO, period=10, failures=60),
        liveness=SERVER_INFO,
        readiness=SERVER_INFO,
    )
    return Workload(
        name=WEBSERVER,
        pod=_pod(context, container, host=True),
        replicas=replicas(settings.replicas),
        available=1,
        interfaces=(Interface("dagster", HTTP.name),),
    )


def _code_location(context: Context[DagsterConfig], product: Product, runs: Launched) -> Workload:
    settings, database = context.config.code_locations, context.required(Database)
    files, run_pods = definitions(context, product), container_context(context, product, runs)
    trigger = trigger_of(context, product)
    # All replicas need the same ID, and a new one when what they serve changes, also by a patch: that of the template.
    identity = Variable(SERVER_ID, field="metadata.labels['pod-template-hash']")
    container = Container(
        name=CODE,
        image=product.spec.image,
        resources=declared(settings.resources),
        command=("dagster", "api", "grpc", "-h", LISTEN, "-p", str(GRPC.number), "-f", DEFINITIONS),
        arguments=("--location-name", product.name, "--fixed-server-id", f"$({SERVER_ID})", *JSON_LOGS),
        variables=(Variable("HOME", "/tmp"), *credentials(database), identity, run_pods),  # noqa: S108
        ports=(GRPC,),
        startup=replace(CODE_HEALTH, failures=60),
        liveness=CODE_HEALTH,
        readiness=CODE_HEALTH,
        config=files,
        secret_files=trigger.secret_files if trigger else (),
    )
    return Workload(
        name=f"code-{product.name}",
        # It reads the database to evaluate a schedule, and the catalog to notice new data. When stopped, it waits up to
        # 60 s for open calls.
        pod=Pod(
            containers=(container,),
            identity=IDENTITY,
            calls=(database.endpoint, *(trigger.calls if trigger else ())),
            labels=product_labels(product),
            annotations=owner_annotation(product),
            grace=70,
        ),
        replicas=settings.replicas,
        # Dagster loads the locations that answer: a product with a broken image must not block the others.
        awaited=False,
        origin=product.origin,
    )


def _migration(context: Context[DagsterConfig], host: Container) -> Task:
    # It has its own configuration, so that a new data product or a longer queue does not start a migration.
    files = (migration_file(context.required(Database)),)
    container = replace(host, name="migrate", command=("dagster", "instance", "migrate"), config=files)
    return Task(
        "dagster-migrate",
        _pod(context, container, host=False),
        deadline=deadlines.PREPARATION,
        retries=3,
        prepares=_processes(context.instance),
    )


def _processes(instance: Instance[DagsterConfig]) -> tuple[Endpoint, ...]:
    """Return the webserver and the daemon, as groups of pods."""
    domain = instance.settings.cluster.domain
    return tuple(service_endpoint(name, instance.namespace, domain, ()) for name in (WEBSERVER, DAEMON))


COMPONENT = Component(
    slot="orchestrator",
    type="dagster",
    summary="Dagster: webserver, daemon, a code location for each data product, a Job for each run",
    config=DagsterConfig,
    build=build,
    databases=databases,
    requires=requirements,
    refuses=refuses,
    notices_inputs=True,
    profiles={
        "light": {
            "webserver": {"replicas": 1},
            "code_locations": {"replicas": 1},
            "runs": {"at_once": 2},
            "steps": {"resources": LIGHT_STEPS},
        },
        "medium": {
            "webserver": {"replicas": 2},
            "code_locations": {"replicas": 2},
            "runs": {"at_once": 5},
        },
        "heavy": {"webserver": {"replicas": 3}, "code_locations": {"replicas": 3}, "runs": {"at_once": 10}},
    },
)
