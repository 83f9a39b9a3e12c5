"""Airflow's Celery executor: workers that wait for steps, and the broker that hands these out.

A worker has the image of Airflow, so it cannot run a step itself: it creates the step's pod (decision 34). Sources: the
Celery provider 3.26 of Airflow (`cli/celery_command.py`, `executors/default_celery.py`), and the chart of Airflow for
the check. Scheduler, worker, triggerer and steps were run with Redis 7.0, as other users on a read-only root file
system. The image itself was not tested.
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from floe_compiler.components.orchestrator_airflow import logs
from floe_compiler.components.orchestrator_airflow.configuration import (
    BROKER_PASSWORD,
    IDENTITY,
    POOL,
)
from floe_compiler.components.orchestrator_airflow.monitoring import BROKER
from floe_compiler.components.orchestrator_airflow.options import Options
from floe_compiler.components.orchestrator_airflow.settings import AirflowConfig, WorkerBounds
from floe_compiler.kit import keda, redis
from floe_compiler.kit.resources import declared
from floe_compiler.kit.store_logins import login_files
from floe_compiler.model.accounts import PolicyRule
from floe_compiler.model.endpoint import Endpoint
from floe_compiler.model.facts import ConfigFile, Container, Pod, Probe, SecretFile, Variable, Workload
from floe_compiler.model.operations import EventScaling
from floe_compiler.model.plan import Context, Instance

WORKER = "airflow-worker"
GRACE = 300
"""Seconds in which a worker that is told to stop ends what it has begun: it only creates pods and keeps their logs."""

CREATE_STEPS = (
    PolicyRule(("",), ("pods",), ("create", "delete", "get", "list", "patch")),
    PolicyRule(("",), ("pods/log",), ("get",)),
)
"""Everything that the KubernetesPodOperator calls in a worker."""

FOLLOW_STEPS = (PolicyRule(("",), ("pods",), ("delete", "get")),)
"""Everything that its trigger calls: a run that is stopped ends its pod."""

_INSPECT = "celery --app airflow.providers.celery.executors.celery_executor.app inspect ping --timeout 20"
_PING = ("sh", "-c", f'exec python -m {_INSPECT} --destination "celery@$(hostname)" >/dev/null')
# Each check loads Airflow. It fails without the broker, too, so that it must fail for long before a worker restarts.
ANSWERS = Probe(command=_PING, period=120, timeout=60, failures=5)

NEEDED_WORKERS = (
    "SELECT ceil(count(*)::decimal / {}) FROM task_instance WHERE state IN ('queued', 'running') AND queue = 'default'"
)
"""How many workers have something to do, as the chart of Airflow asks. Steps whose pods run are deferred."""


def endpoint(instance: Instance[AirflowConfig]) -> Endpoint | None:
    """Return the broker; None with another executor."""
    return redis.endpoint(instance, BROKER) if instance.config.executor == "celery" else None


def password(instance: Instance[Any]) -> SecretFile:
    """Return the file with the broker's password."""
    return SecretFile(BROKER_PASSWORD, redis.secret(BROKER, instance.namespace).key(redis.PASSWORD))


def broker(context: Context[AirflowConfig], *, monitored: bool) -> Workload:
    """Return the broker. It refuses to take steps when its memory is full, and forgets none."""
    return redis.server(context.instance, BROKER, context.config.broker, "noeviction", monitored=monitored)


def worker(
    context: Context[AirflowConfig], base: Container, options: Options, files: tuple[ConfigFile, ...]
) -> Workload:
    """Return the workers.

    Args:
        context: The component.
        base: The fields that they share with Airflow's other processes.
        options: What their configuration depends on.
        files: The DAGs, and the templates of the pods of their steps.
    """
    settings, store = context.config.workers, options.log_store
    writer = logs.login(store, context.instance.scope, logs.LOG_WRITER) if store else None
    servers = (options.database.endpoint, *((options.broker,) if options.broker else ()))
    optional_servers = (options.metrics, options.lineage.endpoint if options.lineage else None)
    container = replace(
        base,
        name="worker",
        resources=declared(settings.resources),
        # Logs are in the object store. To serve them itself, a worker would need the key of all sessions.
        command=("airflow", "celery", "worker", "--skip-serve-logs", "--without-gossip", "--without-mingle"),
        variables=(
            *base.variables,
            *logs.connection(store),
            *(logs.store_variables(store, writer) if store and writer else ()),
        ),
        startup=replace(ANSWERS, period=60, failures=10),
        liveness=ANSWERS,
        readiness=ANSWERS,
        config=(*base.config, *files),
        secret_files=(
            *base.secret_files,
            password(context.instance),
            *login_files(store, writer),
        ),
    )
    pod = Pod(
        (container,),
        IDENTITY,
        calls=(
            *servers,
            options.api,
            *(server for server in optional_servers if server),
            *(store.calls() if store else ()),
        ),
        waits_for=servers,
        kubernetes_api=CREATE_STEPS,
        workload_identity=writer.identity if writer else None,
        grace=GRACE,
    )
    return Workload(WORKER, pod, replicas=_replicas(context.config, options))


def _replicas(config: AirflowConfig, options: Options) -> int | EventScaling:
    settings = config.workers
    if not isinstance(settings.replicas, WorkerBounds):
        return settings.replicas
    bounds = settings.replicas
    needed = keda.rows(options.database, NEEDED_WORKERS.format(settings.concurrency))
    return EventScaling(bounds.minimum, bounds.maximum, needed, bounds.cooldown_seconds)


def following(triggerer: Workload) -> Workload:
    """Return the triggerer, which waits until the pods of steps have ended.

    Like workers, it serves no logs. It has no login to the object store, either: whatever it finds, it tells the worker
    that goes on with the step, whose log that is in.
    """
    (container,) = triggerer.pod.containers
    container = replace(
        container,
        command=(*container.command, "--skip-serve-logs"),
        variables=(*container.variables, Variable("AIRFLOW__LOGGING__REMOTE_LOGGING", "False")),
    )
    return replace(triggerer, pod=replace(triggerer.pod, containers=(container,), kubernetes_api=FOLLOW_STEPS))


def pool(base: Container, steps: int) -> Container:
    """Return the container of the migration that sets how many steps may have a pod at once."""
    words = ("airflow", "pools", "set", POOL, str(steps), "Steps that have a pod", "--include-deferred")
    return replace(base, name="pool", command=words)
