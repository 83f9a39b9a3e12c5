"""What the configuration of Airflow's processes depends on, besides their domain."""

from __future__ import annotations

import msgspec

from floe_compiler.components.orchestrator_airflow import monitoring
from floe_compiler.components.orchestrator_airflow.logs import log_base, log_names
from floe_compiler.components.orchestrator_airflow.settings import AirflowConfig
from floe_compiler.kit.products.step_environment import lineage_namespace
from floe_compiler.model.capabilities import Database, Lineage, ObjectStore
from floe_compiler.model.endpoint import Endpoint
from floe_compiler.model.plan import Context


class Options(msgspec.Struct, frozen=True):
    """What `airflow.cfg` depends on, besides the instance."""

    api: Endpoint
    database: Database
    at_once: int
    broker: Endpoint | None = None
    """The broker of workers; None if the scheduler starts the pods of steps itself."""

    workers_at_once: int = 0
    """How many steps a worker takes at once."""

    logs: str = ""
    """The URL below which logs are kept; empty if they are not."""

    log_store: ObjectStore | None = None
    """The store of the logs; None if they are not kept."""

    log_container: str = ""
    """The container of the logs (ADLS), which their URL does not name."""

    log_names: str = ""
    """Airflow's template for the names of logs."""

    metrics: Endpoint | None = None
    lineage: Lineage | None = None
    lineage_namespace: str = ""


def options_of(context: Context[AirflowConfig], api: Endpoint, broker: Endpoint | None, *, monitored: bool) -> Options:
    """Return the options: API server, broker of workers if there is one, and whether metrics are collected."""
    instance, config, store = context.instance, context.config, context.optional(ObjectStore)
    logs = config.logs
    base = log_base(store, logs.bucket) if logs.remote else ""
    return Options(
        api=api,
        database=context.required(Database),
        # Airflow's limit is that of each scheduler. That of a pool, with Celery, is for all.
        at_once=config.runs.at_once // (1 if broker else config.scheduler.replicas),
        broker=broker,
        workers_at_once=config.workers.concurrency,
        logs=base,
        log_store=store if base else None,
        log_container=(logs.bucket or store.bucket) if base and store and store.kind == "adls" else "",
        log_names=log_names(logs.folder, instance.scope),
        metrics=monitoring.receiver(instance) if monitored else None,
        lineage=context.optional(Lineage),
        lineage_namespace=lineage_namespace(context, instance.scope),
    )
