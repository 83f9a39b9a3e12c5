"""Airflow's own processes: API server, scheduler, DAG processor and triggerer."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from floe_compiler.components.orchestrator_airflow import celery, configuration, login, logs
from floe_compiler.components.orchestrator_airflow.configuration import HEALTH, IDENTITY
from floe_compiler.components.orchestrator_airflow.inputs import noticing
from floe_compiler.components.orchestrator_airflow.options import Options
from floe_compiler.components.orchestrator_airflow.products import PlannedProduct
from floe_compiler.components.orchestrator_airflow.settings import AirflowConfig
from floe_compiler.kit.resources import declared, replicas
from floe_compiler.kit.store_logins import login_files
from floe_compiler.model.accounts import PolicyRule
from floe_compiler.model.endpoint import Endpoint, Port, service_endpoint
from floe_compiler.model.facts import ConfigFile, Container, Pod, Probe, Resources, SecretFile, Variable, Workload
from floe_compiler.model.operations import Interface
from floe_compiler.model.plan import Context, Instance

IMAGE = "docker.io/apache/airflow:3.3.2-python3.12"
INTERFACE = "airflow"
HTTP = Port("http", 8080, health="/api/v2/monitor/health")
API_SERVER, SCHEDULER, DAG_PROCESSOR, TRIGGERER = (
    "airflow-api-server",
    "airflow-scheduler",
    "airflow-dag-processor",
    "airflow-triggerer",
)
MIGRATION_RESOURCES = Resources(cpu="250m", memory="512Mi", cpu_limit="1", memory_limit="1Gi")

# Everything that the executor calls (`executors/*.py` of the provider); the chart's Role allows more.
LAUNCH_STEPS = (PolicyRule(("",), ("pods",), ("create", "delete", "get", "list", "patch", "watch")),)
# For the logs of a step that still runs.
READ_LOGS = (PolicyRule(("",), ("pods",), ("list",)), PolicyRule(("",), ("pods/log",), ("get",)))

# Says 200 without the database, too: restarts would not help there.
ANSWERS = Probe(port=HTTP.name, path="/api/v2/version", period=20, timeout=10)
SCHEDULES = Probe(port=HEALTH.name, path=HEALTH.health, period=30, timeout=20, failures=5)
CHECK_PERIOD = 120
"""Seconds between two checks of a process without a port: each takes up to 4 s of CPU time."""


def base_container(context: Context[AirflowConfig], options: Options) -> Container:
    """Return the common fields of the containers of Airflow's own processes."""
    database = options.database
    keys = configuration.keys(context.instance)
    user = () if database.user_key else (Variable("DATABASE_USER", database.user),)
    return Container(
        name="airflow",
        image=IMAGE,
        resources=MIGRATION_RESOURCES,
        variables=(
            *configuration.USER_AND_HOME,
            Variable("HOME", "/tmp"),  # noqa: S108 - the path in the container
            Variable("DATABASE_SERVER", database.endpoint.address()),
            Variable("DATABASE_NAME", database.database),
            *user,
            *configuration.database_variables(database),
        ),
        config=configuration.server_file(context.instance, options),
        secret_files=(
            *configuration.database_files(database),
            SecretFile(configuration.FERNET_KEY, keys.key("fernet-key")),
        ),
    )


def servers(
    context: Context[AirflowConfig], base: Container, options: Options, products: tuple[PlannedProduct, ...]
) -> tuple[Workload, ...]:
    """Return the four processes that each Airflow has."""
    return (
        _api_server(context, base, options),
        _scheduler(context, base, options, products),
        _dag_processor(context, base, options, products),
        _triggerer(context, base, options),
    )


def _address() -> tuple[Variable, ...]:
    """Return the variable with the address that Airflow puts into links, and sends users back to."""
    return (Variable("AIRFLOW__API__BASE_URL", interface=INTERFACE),)


def _signing(instance: Instance[Any]) -> tuple[SecretFile, ...]:
    """Return the keys for sessions and tokens, which only API server and scheduler need."""
    keys = configuration.keys(instance)
    return (
        SecretFile(configuration.API_KEY, keys.key("api-secret-key")),
        SecretFile(configuration.JWT_KEY, keys.key("jwt-secret")),
    )


def _pod(options: Options, container: Container, **fields: Any) -> Pod:
    calls = (options.database.endpoint, *((options.metrics,) if options.metrics else ()))
    more = fields.pop("calls", ())
    return Pod((container,), IDENTITY, calls=(*calls, *more), waits_for=(options.database.endpoint,), **fields)


def _api_server(context: Context[AirflowConfig], base: Container, options: Options) -> Workload:
    settings, store = context.config.api_server, options.log_store
    reader = logs.login(store, context.instance.scope, logs.LOG_READER) if store else None
    at_provider = context.config.login
    container = replace(
        base,
        name="api-server",
        resources=declared(settings.resources),
        command=("airflow", "api-server", "--proxy-headers"),
        variables=(
            *base.variables,
            *_address(),
            # Only the ingress controller and the pods of steps reach it.
            Variable("FORWARDED_ALLOW_IPS", "*"),
            *(login.variables(at_provider) if at_provider else ()),
            *logs.connection(store),
            *(logs.store_variables(store, reader) if store and reader else ()),
        ),
        ports=(HTTP,),
        startup=replace(ANSWERS, period=10, failures=60),
        liveness=ANSWERS,
        readiness=ANSWERS,
        config=(*base.config, *(login.files(at_provider) if at_provider else ())),
        secret_files=(
            *base.secret_files,
            *_signing(context.instance),
            *login_files(store, reader),
            *(login.secret_files(at_provider, context.instance) if at_provider else ()),
        ),
    )
    pod = _pod(
        options,
        container,
        calls=(
            *(store.calls() if store else ()),
            *(login.servers(at_provider) if at_provider else ()),
        ),
        kubernetes_api=() if options.broker else READ_LOGS,
        workload_identity=reader.identity if reader else None,
    )
    return Workload(
        API_SERVER,
        pod,
        replicas=replicas(settings.replicas),
        available=1,
        interfaces=(Interface(INTERFACE, HTTP.name, authenticates=True),),
    )


def _scheduler(
    context: Context[AirflowConfig], base: Container, options: Options, products: tuple[PlannedProduct, ...]
) -> Workload:
    settings = context.config.scheduler
    templates = () if options.broker else tuple(file for product in products for file in product.templates)
    container = replace(
        base,
        name="scheduler",
        resources=declared(settings.resources),
        command=("airflow", "scheduler"),
        variables=(*base.variables, *_address()),
        ports=(HEALTH,),
        startup=replace(SCHEDULES, period=10, timeout=10, failures=60),
        liveness=SCHEDULES,
        readiness=SCHEDULES,
        config=(*base.config, *templates),
        secret_files=(
            *base.secret_files,
            *_signing(context.instance),
            *((celery.password(context.instance),) if options.broker else ()),
        ),
    )
    lineage = (options.lineage.endpoint,) if options.lineage else ()
    pod = _pod(options, container, calls=lineage, kubernetes_api=() if options.broker else LAUNCH_STEPS)
    if options.broker:
        pod = replace(pod, calls=(*pod.calls, options.broker), waits_for=(*pod.waits_for, options.broker))
    return Workload(SCHEDULER, pod, replicas=settings.replicas)


def _dag_processor(
    context: Context[AirflowConfig], base: Container, options: Options, products: tuple[PlannedProduct, ...]
) -> Workload:
    dags = tuple(dict.fromkeys(file for product in products for file in product.dag))
    return _unserved(DAG_PROCESSOR, "DagProcessorJob", context.config.dag_processor, base, options, dags)


def _triggerer(context: Context[AirflowConfig], base: Container, options: Options) -> Workload:
    needed = noticing(context)
    with_logins = replace(base, secret_files=(*base.secret_files, *needed.secret_files))
    settings = context.config.triggerer
    server = _unserved(TRIGGERER, "TriggererJob", settings, with_logins, options, needed.files, needed.calls)
    return celery.following(server) if options.broker else server


def _unserved(
    name: str,
    job: str,
    settings: Any,
    base: Container,
    options: Options,
    files: tuple[ConfigFile, ...] = (),
    calls: tuple[Endpoint, ...] = (),
) -> Workload:
    """Return a process that nothing connects to: it says in the database that it runs."""
    process = name.removeprefix("airflow-")
    check = Probe(
        command=("airflow", "jobs", "check", "--job-type", job, "--local"), period=CHECK_PERIOD, timeout=60, failures=3
    )
    container = replace(
        base,
        name=process,
        resources=declared(settings.resources),
        command=("airflow", process),
        startup=replace(check, period=60, failures=10),
        liveness=check,
        readiness=replace(check, period=5 * CHECK_PERIOD),
        config=(*base.config, *files),
    )
    return Workload(name, _pod(options, container, calls=calls, grace=60), replicas=settings.replicas)


def api_endpoint(instance: Instance[Any]) -> Endpoint:
    """Return the API server, which steps report to."""
    return service_endpoint(API_SERVER, instance.namespace, instance.settings.cluster.domain, (HTTP,))


def endpoints(instance: Instance[Any]) -> tuple[Endpoint, ...]:
    """Return Airflow's processes, as groups of pods."""
    domain, names = instance.settings.cluster.domain, (API_SERVER, SCHEDULER, DAG_PROCESSOR, TRIGGERER)
    return tuple(service_endpoint(name, instance.namespace, domain, ()) for name in names)
