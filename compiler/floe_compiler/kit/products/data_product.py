"""Data products as pods: the containers of their steps, the servers they call, and their labels."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec.structs import replace

from floe_compiler.kit import labels
from floe_compiler.kit.products import dbt
from floe_compiler.kit.products.domain_servers import requested_servers, required_servers, server_passwords
from floe_compiler.kit.products.lakehouse import lakehouse, store_login
from floe_compiler.kit.products.step_environment import distinct, environment
from floe_compiler.kit.products.steps import (
    REPORT_QUALITY,
    VERIFY_CONTRACTS,
    PlannedStep,
    dbt_compute,
    has_step,
    planned_steps,
    quality_collector,
)
from floe_compiler.kit.resources import declared
from floe_compiler.kit.store_logins import identity_of, login_files
from floe_compiler.model.capabilities import (
    Catalog,
    Collector,
    Compute,
    Lineage,
    MetricsStore,
    Monitoring,
    ObjectStore,
)
from floe_compiler.model.endpoint import Endpoint
from floe_compiler.model.facts import (
    ConfigFile,
    Container,
    Identity,
    Mount,
    Pod,
    Resources,
    Scratch,
    Variable,
)
from floe_compiler.model.fields import Storage
from floe_compiler.model.inputs import Amounts, Input, ResourceSettings
from floe_compiler.model.launched_templates import literal
from floe_compiler.model.plan import Context, Instance, Product, Requirement
from floe_compiler.model.quantities import parse_quantity

IDENTITY = Identity(10001, 10001, 10001)
"""The user that steps run as, whatever the image's user is."""

GRACE = 60
"""Seconds that a step has to cancel its queries when its pod is deleted."""

ASKED_FOR = "the data product asks for it as a variable"


class StepSettings(Input):
    """The default resources of a data product's step."""

    resources: ResourceSettings = ResourceSettings(
        requests=Amounts(cpu="1", memory="2Gi"), limits=Amounts(cpu="4", memory="4Gi")
    )
    """CPU and memory."""
    scratch: Storage = "4Gi"
    """The size of `/tmp`, which DuckDB and dlt use. The steps of a run share it, except with Airflow."""


LIGHT_STEPS = {"requests": {"cpu": "250m", "memory": "512Mi"}, "limits": {"cpu": "1", "memory": "2Gi"}}
"""The default resources of steps at the smallest scale."""


def requirements(instance: Instance[Any]) -> tuple[Requirement, ...]:
    """Return the requirements of an orchestrator's products.

    These are an engine if any product runs dbt, the servers of the domain that any asks for, and optional capabilities.
    """
    kinds = (Catalog, ObjectStore, Collector, Lineage, Monitoring, MetricsStore)
    dbt = any(has_step(product.spec, "dbt") for product in instance.products)
    return (
        *(Requirement(kind, optional=True) for kind in kinds),
        *((Requirement(Compute),) if dbt else ()),
        *required_servers(instance.products),
    )


def product_pod(
    context: Context[Any],
    product: Product,
    containers: tuple[Container, ...],
    steps: tuple[PlannedStep, ...] | None = None,
) -> Pod:
    """Return the pod that runs a product's steps: the last is its main container, the others are init containers.

    It runs all steps of the product, or only these `steps`.
    """
    login, compute = store_login(context, product), dbt_compute(context, product)
    return Pod(
        containers=containers[-1:],
        setup=containers[:-1],
        identity=IDENTITY,
        calls=calls(context, product, planned_steps(context, product) if steps is None else steps),
        workload_identity=identity_of(context.optional(ObjectStore), login, compute),
        placement=product.spec.placement,
        labels=product_labels(product),
        annotations=owner_annotation(product),
        grace=GRACE,
    )


def product_labels(product: Product) -> tuple[tuple[str, str], ...]:
    """Return the labels for finding a product's pods and adding up their cost."""
    return ((labels.DOMAIN, product.domain), (labels.PRODUCT, product.name))


def owner_annotation(product: Product) -> tuple[tuple[str, str], ...]:
    """Return the annotation with the owner of a product's pods."""
    return ((labels.OWNER, product.spec.metadata.owner),)


def calls(context: Context[Any], product: Product, steps: Iterable[PlannedStep]) -> tuple[Endpoint, ...]:
    """Return all servers that these steps of a product connect to."""
    catalog, collector = context.optional(Catalog), context.optional(Collector)
    quality_receiver = quality_collector(context) if has_step(product.spec, "quality") else None
    compute = dbt_compute(context, product)
    services = (context.optional(Lineage), *requested_servers(context, product))
    store = context.optional(ObjectStore)
    return (
        *(catalog.calls() if catalog else ()),
        *((collector.grpc,) if collector else ()),
        *((quality_receiver.http,) if quality_receiver else ()),
        *(service.endpoint for service in services if service),
        *(store.calls() if store else ()),
        *(compute.calls() if compute else ()),
        *(server for step in steps for server in step.servers),
    )


def step_container(context: Context[Any], product: Product, step: PlannedStep, settings: StepSettings) -> Container:
    """Return the container of one step."""
    own_variables = (
        *(Variable(name, literal(value)) for name, value in step.variables),
        *(Variable(name, secret=secret, reason=ASKED_FOR) for name, secret in step.secrets),
    )
    base = base_container(context, product, settings)
    container = replace(
        base,
        name=step.name,
        resources=step_resources(step, settings),
        command=tuple(literal(word) for word in step.command),
        variables=distinct((*base.variables, *own_variables)),
    )
    return with_volumes(container, (step,))


def with_volumes(container: Container, steps: Iterable[PlannedStep]) -> Container:
    """Return a container that runs these steps with what they mount, and with the disk space that they need."""
    planned = tuple(steps)
    mounted: dict[str, Mount] = {}
    for mount in (mount for step in planned for mount in step.mounts):
        other = mounted.get(mount.path, mount)
        mounted[mount.path] = replace(mount, writable=mount.writable or other.writable)
    sizes = [step.scratch for step in planned if step.scratch]
    temporary, *others = container.scratch
    largest = max((temporary.size, *sizes), key=parse_quantity)
    return replace(
        container,
        resources=replace(container.resources, disk=max(sizes, key=parse_quantity, default="")),
        scratch=(replace(temporary, size=largest), *others),
        mounts=tuple(mounted.values()),
        secret_files=tuple(
            dict.fromkeys((*container.secret_files, *(file for step in planned for file in step.secret_files)))
        ),
    )


def step_resources(step: PlannedStep, settings: StepSettings) -> Resources:
    """Return the resources of the container of one step."""
    return replace(declared(step.resources or settings.resources), devices=step.devices)


def base_container(context: Context[Any], product: Product, settings: StepSettings) -> Container:
    """Return the fields that the containers of all steps share."""
    compute, tables = dbt_compute(context, product), lakehouse(context, product)
    return Container(
        name="steps",
        image=product.spec.image,
        resources=declared(settings.resources),
        variables=environment(context, product),
        config=(
            *((dbt.profiles(context.settings.environment.name, compute, tables),) if compute else ()),
            *(_quality_files(context) if has_step(product.spec, "quality") else ()),
        ),
        secret_files=(
            *(compute.secret_files if compute else ()),
            *login_files(context.optional(ObjectStore), store_login(context, product)),
            *server_passwords(context, product),
        ),
        scratch=(Scratch("/tmp", settings.scratch), *(compute.scratch if compute else ())),  # noqa: S108
    )


def _quality_files(context: Context[Any]) -> tuple[ConfigFile, ...]:
    return (VERIFY_CONTRACTS, REPORT_QUALITY) if quality_collector(context) else (VERIFY_CONTRACTS,)
