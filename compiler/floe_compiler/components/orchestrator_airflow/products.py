"""A data product in Airflow: its DAG, and the pod of each of its steps.

Airflow's KubernetesExecutor makes the pod of a task from a template, a file that the task names. It adds the name,
labels and annotations, and the arguments of the container `base` (`pod_generator.py` of its provider). The template is
the pod as the compiler renders it for all other programs, so that policies, accounts and secrets apply to it.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec
from msgspec.structs import replace

from floe_compiler.components.orchestrator_airflow import inputs
from floe_compiler.components.orchestrator_airflow.configuration import (
    DAGS,
    POD_TEMPLATES,
    START_TIMEOUT,
    USER_AND_HOME,
    step_file,
)
from floe_compiler.components.orchestrator_airflow.logs import connection
from floe_compiler.components.orchestrator_airflow.options import Options
from floe_compiler.components.orchestrator_airflow.settings import AirflowConfig
from floe_compiler.kit.labels import shortened
from floe_compiler.kit.meta import present
from floe_compiler.kit.pods import pod_template
from floe_compiler.kit.products.catalog import FROM_ENVIRONMENT
from floe_compiler.kit.products.data_product import GRACE, product_pod, step_container
from floe_compiler.kit.products.lakehouse import store_login
from floe_compiler.kit.products.step_environment import distinct
from floe_compiler.kit.products.steps import PlannedStep, dbt_compute, planned_steps
from floe_compiler.kit.products.triggers import trigger_of
from floe_compiler.kit.scripts import script
from floe_compiler.kit.store_logins import identity_of, login_files, login_variables
from floe_compiler.model.capabilities import Capability
from floe_compiler.model.durations import parse_duration
from floe_compiler.model.facts import ConfigFile, Container, Launched, Pod, Variable
from floe_compiler.model.joined_names import joined
from floe_compiler.model.object_memory import remembered_from_facts
from floe_compiler.model.objects import Object, ObjectId
from floe_compiler.model.plan import Context, Instance, Product
from floe_compiler.model.read_texts import written
from floe_compiler.model.rendered import PodFile

MADE = "\n\ndag = dag_of(PRODUCT)\n"
"""The end of `dag.py`, and of `pod_step.py`."""

BASE = "base"
"""The name of the container to which the executor gives its arguments."""


class PlannedProduct(msgspec.Struct, frozen=True):
    """A product's DAG, the pods of its steps, and the templates from which Airflow makes them."""

    dag: tuple[ConfigFile, ...]
    steps: tuple[Launched, ...]
    templates: tuple[ConfigFile, ...]


def planned(context: Context[AirflowConfig], product: Product, options: Options) -> PlannedProduct:
    """Return what the compiler makes of a product: of the others, only the secrets that its steps name matter."""
    instance, steps = context.instance.as_rendered(), planned_steps(context, product)
    return _planned(instance, context.capabilities, product, steps, options)


@remembered_from_facts
def _planned(
    instance: Instance[AirflowConfig],
    capabilities: tuple[Capability, ...],
    product: Product,
    steps: tuple[PlannedStep, ...],
    options: Options,
) -> PlannedProduct:
    context = Context(instance, capabilities)
    dag = _dag(context, product, steps, options)
    launched = tuple(_launched(context, product, step, dag, options) for step in steps)
    templates = tuple(
        _template(instance, product, launched_step) for launched_step in zip(steps, launched, strict=True)
    )
    return PlannedProduct(dag, launched, templates)


def _dag(
    context: Context[AirflowConfig], product: Product, steps: tuple[PlannedStep, ...], options: Options
) -> tuple[ConfigFile, ...]:
    # Each file is mounted alone: in the folder of a ConfigMap there are links, and Airflow takes them for a loop.
    name, data, program = f"dag-{product.name}", describe(context, product, steps), script(__package__, "dag.py")
    if options.broker:
        data, program = {**data, "lineage": options.lineage is not None}, dag_of_pods(program)
    folder = f"{DAGS}/{product.name}"
    return (
        ConfigFile(f"{folder}/dag.py", program, name, single=True),
        ConfigFile(f"{folder}/product.json", readable_json(data), name, single=True),
        *(inputs.FILES if trigger_of(context, product) else ()),
    )


def dag_of_pods(program: str) -> str:
    """Return the program of a DAG whose tasks are pods: that of one whose tasks run in the pods, with another class.

    Raises ValueError if it does not end by making the DAG.
    """
    if not program.endswith(MADE):
        raise ValueError(f"dag.py does not end with {MADE.strip()}")
    return f"{program.removesuffix(MADE)}\n\n{script(__package__, 'pod_step.py')}"


def describe(context: Context[AirflowConfig], product: Product, steps: tuple[PlannedStep, ...]) -> dict[str, Any]:
    """Return the data about a product that its DAG reads."""
    spec, trigger = product.spec, trigger_of(context, product)
    return {
        "dag": product.name,
        "description": spec.metadata.description,
        "owner": spec.metadata.owner,
        "tags": [f"version {spec.metadata.version}"],
        "schedule": spec.schedule.model_dump() if spec.schedule else None,
        **present(trigger=trigger.data if trigger else None),
        "seconds": parse_duration(spec.timeout),
        "retries": spec.retries,
        "runs_at_once": context.config.runs.per_product,
        "steps": [
            {
                "name": step.name,
                "type": step.type,
                "command": list(step.command),
                "pod": _template_path(product, step),
            }
            for step in steps
        ],
    }


def _launched(
    context: Context[AirflowConfig],
    product: Product,
    step: PlannedStep,
    dag: tuple[ConfigFile, ...],
    options: Options,
) -> Launched:
    base = replace(step_container(context, product, step, context.config.steps), name=BASE)
    if options.broker:
        pod = product_pod(context, product, (base,), (step,))
    else:
        pod = _pod_with_airflow(context, product, step, base, dag, options)
    config_map = ObjectId("", "ConfigMap", context.instance.namespace, _templates_of(product))
    runs = context.config.runs
    return Launched(
        shortened(f"run-{joined(product.name, step.name)}"),
        pod,
        min(runs.per_product, runs.at_once),
        runs.at_once,
        instead=product.name,
        origin=product.origin,
        description=PodFile(config_map, f"{step.name}.yaml"),
    )


def _pod_with_airflow(
    context: Context[AirflowConfig],
    product: Product,
    step: PlannedStep,
    base: Container,
    dag: tuple[ConfigFile, ...],
    options: Options,
) -> Pod:
    """Return the pod of a step in which Airflow runs, which starts the step's program and keeps its log."""
    login = store_login(context, product, writes_files=True) if options.logs else None
    container = replace(
        base,
        # The executor passes its command as arguments, which an entrypoint of the image would receive.
        command=("env",),
        variables=distinct(
            (*base.variables, *login_variables(options.log_store, login, FROM_ENVIRONMENT), *_variables(options))
        ),
        config=(*base.config, *dag, step_file(options)),
        secret_files=tuple(dict.fromkeys((*base.secret_files, *login_files(options.log_store, login)))),
    )
    pod = product_pod(context, product, (container,), (step,))
    receivers = (options.api, *((options.metrics,) if options.metrics else ()))
    identity = pod.workload_identity
    if login:
        identity = identity_of(options.log_store, login, dbt_compute(context, product))
    return replace(pod, workload_identity=identity, calls=(*pod.calls, *receivers))


def _variables(options: Options) -> tuple[Variable, ...]:
    return (*USER_AND_HOME, *connection(options.log_store))


def _templates_of(product: Product) -> str:
    return f"step-pods-{product.name}"


def _template_path(product: Product, step: PlannedStep) -> str:
    return f"{POD_TEMPLATES}/{product.name}/{step.name}.yaml"


def _template(instance: Instance[Any], product: Product, planned_step: tuple[PlannedStep, Launched]) -> ConfigFile:
    step, pods = planned_step
    text = _pod_text(instance, pods, seconds_of(instance, product))
    return ConfigFile(_template_path(product, step), text, _templates_of(product))


@remembered_from_facts
def _pod_text(instance: Instance[Any], pods: Launched, seconds: int) -> str:
    return written(step_pod(instance, pods, seconds))


def seconds_of(instance: Instance[Any], product: Product) -> int:
    """Return after how many seconds Kubernetes ends the pod of a step.

    Airflow itself ends a step in whose pod it runs. This is for the case that it does not, as while its scheduler is
    down.
    """
    seconds = parse_duration(product.spec.timeout)
    return seconds if instance.config.executor == "celery" else seconds + START_TIMEOUT + 2 * GRACE


def step_pod(instance: Instance[Any], pods: Launched, seconds: int) -> Object:
    """Return the template of a step's pods, which Kubernetes ends after so many seconds."""
    template = pod_template(instance, pods.name, pods.pod, instance.placement.jobs)
    spec = {
        "restartPolicy": "Never",  # Airflow tries again itself
        "activeDeadlineSeconds": seconds,
        **template["spec"],
    }
    metadata = {"name": pods.name, "namespace": instance.namespace, **template["metadata"]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def readable_json(data: Any) -> str:
    """Return plain data as JSON with one value on each line, so that changes are easy to review."""
    return msgspec.json.format(json.dumps(data, sort_keys=True, ensure_ascii=False), indent=2) + "\n"
