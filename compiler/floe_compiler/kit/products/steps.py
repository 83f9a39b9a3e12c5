"""The steps of a data product: what each runs, as a Job's container or as an orchestrator's task.

What the programs need was found by running them as another user on a read-only root file system: dlt 1.31, dbt-core
1.11 with dbt-duckdb, soda-core 4.28, openlineage-dbt 1.54 (also without a lineage server).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from floe_compiler.kit.products import dbt
from floe_compiler.kit.products.lakehouse import lakehouse
from floe_compiler.kit.scripts import script
from floe_compiler.model.capabilities import Collector, Compute, Lineage, MetricsStore, ObjectStore
from floe_compiler.model.endpoint import Endpoint, Port
from floe_compiler.model.facts import ConfigFile, Mount, SecretFile
from floe_compiler.model.inputs import (
    AnyStep,
    CustomStep,
    DataProduct,
    DbtStep,
    DltStep,
    QualityStep,
    ResourceSettings,
)
from floe_compiler.model.plan import Context, Product
from floe_compiler.model.secrets import Secret, SecretKey, SecretReference

VERIFY_CONTRACTS = ConfigFile(
    "/etc/soda/verify-contracts.sh", script(__package__, "verify-contracts.sh"), "soda-scripts"
)

REPORT_QUALITY = ConfigFile("/etc/soda/report_quality.py", script(__package__, "report_quality.py"), "soda-scripts")

DLT_VARIABLES = {
    # Load packages are staged there. A pipeline's state is in its destination, so nothing is lost with the pod.
    "DLT_DATA_DIR": "/tmp/dlt",  # noqa: S108 - the path in the container
    "RUNTIME__DLTHUB_TELEMETRY": "false",
    "RUNTIME__LOG_LEVEL": "INFO",
    "RUNTIME__LOG_FORMAT": "JSON",
}
DBT_VARIABLES = {
    # The file system is read-only, and dbt prints nothing if it cannot write its log.
    "DBT_TARGET_PATH": "/tmp/target",  # noqa: S108
    "DBT_LOG_PATH": "/tmp/logs",  # noqa: S108
    "DBT_LOG_FORMAT": "json",
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
}
# By default, dbt's reporter tries for 9 s to send each event, and a project with hundreds of models sends hundreds of
# events: if the service were down, every run would exceed its deadline.
LINEAGE_VARIABLES = {
    "OPENLINEAGE__TRANSPORT__TYPE": "http",
    "OPENLINEAGE__TRANSPORT__RETRY__TOTAL": "0",
    "OPENLINEAGE__TRANSPORT__TIMEOUT": "2",
}
# Without it, each run waits some seconds for a server that network policies block.
QUALITY_VARIABLES = {"SODA_CORE_TELEMETRY_ENABLED": "false"}


class PlannedStep(msgspec.Struct, frozen=True):
    """One step: its command, its own variables (not escaped) and its secrets."""

    name: str
    type: str
    command: tuple[str, ...]
    variables: tuple[tuple[str, str], ...]
    secrets: tuple[tuple[str, SecretReference], ...]
    servers: tuple[Endpoint, ...]
    resources: ResourceSettings | None = None
    devices: tuple[tuple[str, int], ...] = ()
    scratch: str = ""
    mounts: tuple[Mount, ...] = ()
    secret_files: tuple[SecretFile, ...] = ()


STAND_IN = 32
"""The length of the generated value that replaces a source's secret in environments without a vault."""


def planned_steps(context: Context[Any], product: Product) -> tuple[PlannedStep, ...]:
    """Return the steps of a product, in order."""
    secrets = named_secrets(context.instance.products, context.instance.namespace)
    return tuple(
        PlannedStep(
            name=step.name,
            type=step.type,
            command=_command(step, context),
            variables=tuple({**_variables(context, product, step), **step.variables}.items()),
            secrets=tuple((name, secrets[use.secret].key(use.key)) for name, use in step.secrets.items()),
            servers=tuple(
                Endpoint(server.host, (Port(f"port-{server.port}", server.port, scheme="https"),), cidr=server.cidr)
                for server in step.connects
            ),
            resources=step.resources,
            devices=tuple(sorted((name, count) for name, count in step.devices.items() if count)),
            scratch=step.scratch or "",
            mounts=tuple(_mounts(step)),
            secret_files=tuple(
                SecretFile(f"{volume.path}/{key}", secrets[volume.secret].key(key))
                for volume in step.volumes
                if volume.secret
                for key in volume.keys
            ),
        )
        for step in product.spec.steps
    )


def _mounts(step: AnyStep) -> Iterator[Mount]:
    """Yield the ConfigMaps and claims that a step mounts."""
    for volume in step.volumes:
        if volume.config_map:
            yield Mount(volume.path, "ConfigMap", volume.config_map)
        elif volume.claim:
            yield Mount(volume.path, "PersistentVolumeClaim", volume.claim, volume.writable)


def has_step(product: DataProduct, kind: str) -> bool:
    """Return whether a product has a step of this kind."""
    return any(step.type == kind for step in product.steps)


def quality_collector(context: Context[Any]) -> Collector | None:
    """Return the collector that hands results of quality steps to the platform's store of metrics, if there is one."""
    store = context.optional(MetricsStore)
    return context.optional(Collector) if store and store.receivers else None


def dbt_compute(context: Context[Any], product: Product) -> Compute | None:
    """Return the engine of a product's models; None if the product does not run dbt."""
    return context.optional(Compute) if has_step(product.spec, "dbt") else None


def named_secrets(products: Iterable[Product], namespace: str) -> Mapping[str, Secret]:
    """Return the secrets that steps use in the domain's namespace, with all keys that they use."""
    keys: dict[str, set[str]] = {}
    for step in (step for product in products for step in product.spec.steps):
        for use in step.secrets.values():
            keys.setdefault(use.secret, set()).add(use.key)
        for volume in (volume for volume in step.volumes if volume.secret):
            keys.setdefault(str(volume.secret), set()).update(volume.keys)
    return {
        # Without a vault, a generated value lets the pods start; the external source will refuse it.
        name: Secret(
            name,
            namespace,
            tuple(SecretKey(key, generated=STAND_IN) for key in sorted(names)),
            remembered=False,
            of_steps=True,
        )
        for name, names in keys.items()
    }


def _command(step: AnyStep, context: Context[Any]) -> tuple[str, ...]:
    match step:
        case DltStep():
            return ("python", step.script)
        case DbtStep():
            program = "dbt-ol" if step.lineage and context.optional(Lineage) else "dbt"
            target = context.settings.environment.name
            places = ("--project-dir", step.project, "--profiles-dir", dbt.FOLDER, "--profile", dbt.PROFILE)
            selected = ("--select", *step.select) if step.select else ()
            return (program, "build", *places, "--target", target, "--no-use-colors", *selected)
        case QualityStep():
            verified = ("sh", VERIFY_CONTRACTS.path, step.data_source, *step.contracts)
            collector = quality_collector(context)
            if collector is None:
                return verified
            place = (collector.http.url(), context.instance.namespace, step.name)
            return ("python", REPORT_QUALITY.path, *place, *verified)
        case CustomStep():
            return step.command


def _variables(context: Context[Any], product: Product, step: AnyStep) -> Mapping[str, str]:
    match step:
        case DltStep():
            return {**DLT_VARIABLES, **_dlt_destination(context, product)}
        case DbtStep():
            lineage = context.optional(Lineage) if step.lineage else None
            sent = {**LINEAGE_VARIABLES, "OPENLINEAGE__TRANSPORT__URL": lineage.url} if lineage else {}
            return {**DBT_VARIABLES, **sent}
        case QualityStep():
            return QUALITY_VARIABLES
        case CustomStep():
            return {}


def _dlt_destination(context: Context[Any], product: Product) -> Mapping[str, str]:
    """Return dlt's default destination: Iceberg tables in the product's namespace."""
    tables = lakehouse(context, product)
    destination = {"DESTINATION_TYPE": "filesystem"} if context.optional(ObjectStore) else {}
    if tables:
        # Without the type, dlt keeps its tables in its own in-memory catalog.
        destination |= {"ICEBERG_CATALOG__ICEBERG_CATALOG_TYPE": "rest"}
        destination |= {"DATASET_NAME": tables.namespace}
        # By default, dlt would make one underscore of two, and load into a namespace that is not the product's.
        destination |= {"DESTINATION__FILESYSTEM__ENABLE_DATASET_NAME_NORMALIZATION": "false"}
    return destination
