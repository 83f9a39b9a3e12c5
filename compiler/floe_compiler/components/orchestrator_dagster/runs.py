"""A data product in Dagster: the data for its definitions, and the pods of its runs.

Dagster's K8sRunLauncher creates a Job for each run from the container context of the code location. This context has
the pod template as the compiler renders it, so that policies, accounts and secrets apply to these pods.
"""

from __future__ import annotations

import json
import keyword
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from floe_compiler.components.orchestrator_dagster.instance_file import (
    POLL_INTERVAL,
    PRODUCT_TAG,
    START_TIMEOUT,
    Queue,
    credentials,
)
from floe_compiler.kit import service_mesh
from floe_compiler.kit.labels import template_labels
from floe_compiler.kit.meta import present
from floe_compiler.kit.placement import free_metadata, joined
from floe_compiler.kit.pods import pod_template
from floe_compiler.kit.products.data_product import (
    ASKED_FOR,
    GRACE,
    StepSettings,
    base_container,
    product_pod,
    step_resources,
    with_volumes,
)
from floe_compiler.kit.products.steps import planned_steps
from floe_compiler.kit.products.triggers import PROGRAM, trigger_of
from floe_compiler.kit.scripts import script
from floe_compiler.kit.workloads import JOB_TIME_TO_LIVE
from floe_compiler.model.capabilities import Database
from floe_compiler.model.durations import parse_duration
from floe_compiler.model.facts import ConfigFile, Launched, Resources, Variable
from floe_compiler.model.joined_names import identifier
from floe_compiler.model.launched_templates import literal
from floe_compiler.model.objects import ObjectId
from floe_compiler.model.plan import Context, Product
from floe_compiler.model.quantities import parse_quantity
from floe_compiler.model.rendered import JobVariable

CODE = "code"
"""The name of a code location's container."""

CONTEXT = "DAGSTER_CLI_API_GRPC_CONTAINER_CONTEXT"
RUN_CONFIG = "run_k8s_config"
JOB = "job_spec_config"
METADATA, SPEC, CONTAINER = "pod_template_spec_metadata", "pod_spec_config", "container_config"

FOLDER = "/etc/floe"
DEFINITIONS = f"{FOLDER}/definitions.py"


# `DISALLOWED_NAMES` of dagster 1.13 (dagster/_core/definitions/utils.py), in the words of the inputs.
_WORDS = "arg-dict bool conf config context dict float input input-arg-dict int meta output output-arg-dict str type"
RESERVED = frozenset((*keyword.kwlist, *_WORDS.split()))


def dagster_name(name: str) -> str:
    """Return the name of a product or step as Dagster takes it. No other name ends with an underscore."""
    return f"{identifier(name)}_" if name in RESERVED else identifier(name)


def definitions(context: Context[Any], product: Product) -> tuple[ConfigFile, ...]:
    """Return the files of a product's definitions: the program, and the data that it reads."""
    name = f"dagster-{product.name}"
    sensor = (
        ConfigFile(f"{FOLDER}/inputs_sensor.py", script(__package__, "inputs_sensor.py"), name),
        ConfigFile(f"{FOLDER}/new_data.py", PROGRAM, name),
    )
    return (
        ConfigFile(DEFINITIONS, script(__package__, "definitions.py"), name),
        ConfigFile(f"{FOLDER}/product.json", readable_json(describe(context, product)), name),
        *(sensor if trigger_of(context, product) else ()),
    )


def describe(context: Context[Any], product: Product) -> dict[str, Any]:
    """Return the data about a product that its definitions read."""
    spec, trigger = product.spec, trigger_of(context, product)
    return {
        "job": dagster_name(product.name),
        "description": spec.metadata.description,
        "tags": {
            PRODUCT_TAG: product.name,
            "dagster/max_runtime": str(parse_duration(spec.timeout)),
            "dagster/max_retries": str(spec.retries),
            # Retry from the first step, as the files in /tmp are lost with the pod.
            "dagster/retry_strategy": "ALL_STEPS",
        },
        "schedule": spec.schedule.model_dump() if spec.schedule else None,
        **present(trigger=trigger.data if trigger else None),
        "steps": [
            {
                "name": dagster_name(step.name) if step.name in RESERVED else step.name,
                "type": step.type,
                "command": list(step.command),
                "variables": dict(step.variables),
                "secrets": {name: secret_variable(number, name) for name, _ in step.secrets},
            }
            for number, step in enumerate(planned_steps(context, product), start=1)
        ],
    }


def secret_variable(number: int, name: str) -> str:
    """Return the pod's variable for a secret of the step `number`, as two steps may use one name for two secrets."""
    return f"FLOE_STEP_{number}_{name}"


def launched(context: Context[Any], product: Product, settings: StepSettings, queue: Queue) -> Launched:
    """Return the pods of a product's runs, which run all steps one by one in one container."""
    steps = planned_steps(context, product)
    base = base_container(context, product, settings)
    secrets = (
        Variable(secret_variable(number, name), secret=secret, reason=ASKED_FOR)
        for number, step in enumerate(steps, start=1)
        for name, secret in step.secrets
    )
    database = context.required(Database)
    container = replace(
        base,
        name="run",
        # Dagster passes its command as arguments, which an entrypoint of the image would receive.
        command=("env",),
        resources=largest([step_resources(step, settings) for step in steps]),
        variables=(*base.variables, *secrets, *credentials(database)),
        config=(*base.config, *definitions(context, product)),
    )
    pod = product_pod(context, product, (with_volumes(container, steps),))
    pod = replace(pod, calls=(*pod.calls, database.endpoint))
    count = min(queue.at_once, queue.per_product)
    code = ObjectId("apps", "Deployment", context.instance.namespace, f"code-{product.name}")
    places = (("k8s", RUN_CONFIG, part) for part in (JOB, METADATA, SPEC, CONTAINER))
    description = JobVariable(code, CODE, CONTEXT, *places)
    return Launched(f"run-{product.name}", pod, count, queue.at_once, origin=product.origin, description=description)


def largest(resources: Sequence[Resources]) -> Resources:
    """Return the maximum of each resource."""
    cpu, memory, cpu_limit, memory_limit = (
        max(amounts, key=parse_quantity)
        for amounts in zip(
            *((step.cpu, step.memory, step.cpu_limit, step.memory_limit) for step in resources), strict=True
        )
    )
    devices: dict[str, int] = {}
    for name, count in (device for step in resources for device in step.devices):
        devices[name] = max(count, devices.get(name, 0))
    return Resources(cpu, memory, cpu_limit, memory_limit, tuple(sorted(devices.items())))


def container_context(context: Context[Any], product: Product, pods: Launched) -> Variable:
    """Return the variable of a code location that defines the pods of its runs."""
    instance = context.instance
    template = pod_template(instance, pods.name, pods.pod, instance.placement.jobs)
    _, noted = free_metadata(joined(instance.placement.jobs, pods.pod.placement))
    annotations = {**noted, **service_mesh.pod_annotations(instance.settings)}
    spec = dict(template["spec"])
    (container,) = spec.pop("containers")
    config = {
        CONTAINER: container,
        SPEC: spec,
        METADATA: {"labels": template["metadata"]["labels"], **present(annotations=annotations)},
        "job_metadata": {"labels": template_labels(instance, pods.name)},
        JOB: {
            "backoffLimit": 0,  # Dagster tries again itself
            "ttlSecondsAfterFinished": JOB_TIME_TO_LIVE,
            # In case Dagster does not end a run that takes too long, for example while its daemon is down.
            "activeDeadlineSeconds": parse_duration(product.spec.timeout) + START_TIMEOUT + 2 * POLL_INTERVAL + GRACE,
        },
    }
    text = readable_json({"k8s": {"namespace": instance.namespace, RUN_CONFIG: config}})
    return Variable(CONTEXT, literal(text))


def readable_json(data: Any) -> str:
    """Return plain data as JSON with one value on each line, so that changes are easy to review."""
    # json.dumps(indent=2) returns the same, but takes ten times as long.
    return msgspec.json.format(json.dumps(data, sort_keys=True, ensure_ascii=False), indent=2) + "\n"
