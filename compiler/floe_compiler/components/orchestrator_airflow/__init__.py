"""Airflow 3: API server, scheduler, DAG processor and triggerer; each data product is a DAG, each step of a run a pod.

Sources: the Helm chart of Airflow (apache/airflow, `chart`) for commands, ports and users, and Airflow 3.3.2 with its
Kubernetes provider 10.25 and FAB provider 3.10. All processes, the migration and the pods of steps were tested with
these as other users on a read-only root file system. The image itself was not tested.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from floe_compiler.components.orchestrator_airflow import celery, logs, migration, monitoring, processes
from floe_compiler.components.orchestrator_airflow.options import Options, options_of
from floe_compiler.components.orchestrator_airflow.products import PlannedProduct, planned
from floe_compiler.components.orchestrator_airflow.refusals import refuses
from floe_compiler.components.orchestrator_airflow.settings import AirflowConfig
from floe_compiler.kit.products.data_product import LIGHT_STEPS, requirements
from floe_compiler.model.capabilities import Monitoring
from floe_compiler.model.facts import Container, Parts, Workload
from floe_compiler.model.plan import Component, Context, DatabaseNeed, Instance


def databases(instance: Instance[AirflowConfig]) -> tuple[DatabaseNeed, ...]:
    """Return Airflow's own database."""
    return (DatabaseNeed(instance.config.database, database="airflow", user="airflow"),)


def build(context: Context[AirflowConfig]) -> Parts:
    """Return Airflow's processes, the DAGs of the products, and the pods of their steps."""
    monitored = context.optional(Monitoring) is not None
    api = processes.api_endpoint(context.instance)
    options = options_of(context, api, celery.endpoint(context.instance), monitored=monitored)
    products = tuple(planned(context, product, options) for product in context.instance.products)
    base = processes.base_container(context, options)
    return Parts(
        workloads=(
            *processes.servers(context, base, options, products),
            *(_celery(context, base, options, products, monitored=monitored) if options.broker else ()),
            *((monitoring.exporter(context.config.executor),) if monitored else ()),
        ),
        tasks=(
            migration.task(
                context.instance,
                options.database,
                base,
                processes.endpoints(context.instance),
                context.config.runs.at_once if options.broker else None,
            ),
        ),
        launched=tuple(step for product in products for step in product.steps),
        alerts=tuple(monitoring.alerts(context)) if monitored else (),
    )


def _celery(
    context: Context[AirflowConfig],
    base: Container,
    options: Options,
    products: tuple[PlannedProduct, ...],
    *,
    monitored: bool,
) -> tuple[Workload, ...]:
    files = tuple(file for product in products for file in (*product.dag, *product.templates))
    return (celery.broker(context, monitored=monitored), celery.worker(context, base, options, files))


_TWO: Mapping[str, Any] = {"replicas": 2}
_TWO_EACH: Mapping[str, Any] = {"scheduler": _TWO, "dag_processor": _TWO, "triggerer": _TWO}
"""Production may have no server of one replica, so no scale that it can have does."""

COMPONENT = Component(
    slot="orchestrator",
    type="airflow",
    summary="Airflow 3: API server, scheduler, DAG processor, triggerer, a pod for each step",
    config=AirflowConfig,
    build=build,
    databases=databases,
    requires=requirements,
    refuses=refuses,
    notices_inputs=True,
    keeps=logs.keeps,
    profiles={
        "light": {
            "api_server": {"replicas": 1},
            "workers": {"replicas": 1},
            "runs": {"at_once": 2},
            "steps": {"resources": LIGHT_STEPS},
        },
        "medium": {"api_server": _TWO, **_TWO_EACH, "runs": {"at_once": 6}},  # an even number, as two share them
        "heavy": {"api_server": {"replicas": 3}, **_TWO_EACH, "runs": {"at_once": 10}},
    },
)
