"""`domains/<domain>/products/<product>.yaml`: a data product."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from floe_compiler.model.addresses import ANYWHERE
from floe_compiler.model.durations import parse_duration
from floe_compiler.model.fields import (
    Duration,
    ExtendedResource,
    ImageReference,
    Name,
    ObjectName,
    OutsideHost,
    PortNumber,
    Reader,
    RelativePath,
    Schedule,
    SecretKeyName,
    StepName,
    Storage,
    Timeout,
    TimeZone,
    VariableName,
    VariableText,
)
from floe_compiler.model.inputs.common import (
    Input,
    ResourceSettings,
    VersionedMetadata,
)
from floe_compiler.model.inputs.placement import JobPlacement
from floe_compiler.model.inputs.servers import OutsideServer
from floe_compiler.model.inputs.volumes import StepVolume, check_volumes

KUBELET_PORTS = (10250, 10255)
"""The kubelet's own port, and the one that it has without a login if a node sets `readOnlyPort`."""


class SecretUse(Input):
    """One key of a secret that a step reads."""

    secret: ObjectName
    """The secret's name."""
    key: SecretKeyName
    """The key in the secret."""


class ExternalServer(OutsideServer):
    """A server outside the platform that a step connects to."""

    host: OutsideHost
    """Its DNS name."""
    port: PortNumber = 443
    """Its TCP port."""

    @model_validator(mode="after")
    def _no_kubelets(self) -> Self:
        if self.port in KUBELET_PORTS and self.cidr == ANYWHERE:
            raise ValueError(
                f"port {self.port} is that of the kubelets, and without cidr it is open on every node with a public "
                f"address; write cidr: with the addresses of {self.host}"
            )
        return self


class Step(Input):
    """One step of a data product's pipeline: a container that runs to completion."""

    name: StepName
    """The step's name, unique in the product."""
    variables: dict[VariableName, VariableText] = Field(default_factory=dict)
    """Environment variables, without secrets."""
    secrets: dict[VariableName, SecretUse] = Field(default_factory=dict)
    """Environment variables with a value from a secret."""
    connects: tuple[ExternalServer, ...] = Field(default=(), strict=False)
    """Servers outside the platform that the step connects to; all others are blocked."""
    resources: ResourceSettings | None = None
    """CPU and memory. The default depends on the environment's scale."""
    devices: dict[ExtendedResource, Annotated[int, Field(ge=0)]] = Field(default_factory=dict)
    """Devices of nodes, such as GPUs (`nvidia.com/gpu: 1`), as their device plugins name them. 0: none of those that
    the domain gives to all steps."""
    scratch: Storage | None = None
    """The disk space of a node that is kept for the step, and the size of its `/tmp`. By default, no space is kept, and
    the size is the orchestrator's `steps.scratch`."""
    volumes: Annotated[tuple[StepVolume, ...], Field(strict=False)] = ()
    """ConfigMaps, secrets and persistent volumes that are mounted."""


class DltStep(Step):
    """Ingestion with dlt, from an external source into raw Iceberg tables."""

    type: Literal["dlt"]
    """The kind of step."""
    script: RelativePath
    """The pipeline's Python file, relative to the image's working directory."""


class DbtStep(Step):
    """Transformation with dbt."""

    type: Literal["dbt"]
    """The kind of step."""
    project: RelativePath = "dbt"
    """The dbt project's folder in the image."""
    select: tuple[str, ...] = Field(default=(), strict=False)
    """dbt node selectors. Default: all nodes."""
    lineage: bool = False
    """Report to the platform's lineage service what the models read and write. The image needs `openlineage-dbt`."""


class QualityStep(Step):
    """Quality checks with Soda contracts; a failed check fails the run."""

    type: Literal["quality"]
    """The kind of step."""
    contracts: Annotated[tuple[RelativePath, ...], Field(min_length=1, strict=False)]
    """The contract files in the image."""
    data_source: RelativePath
    """The data source's configuration file in the image."""


class CustomStep(Step):
    """Any other program in the product's image."""

    type: Literal["custom"]
    """The kind of step."""
    command: Annotated[tuple[str, ...], Field(min_length=1, strict=False)]
    """The program and its arguments."""
    writes_files: bool = False
    """Whether it reads or writes files of the object store itself, as dlt does, and not only through the catalog: then
    it has keys of the store."""


AnyStep = Annotated[DltStep | DbtStep | QualityStep | CustomStep, Field(discriminator="type")]


def check_step_volumes(steps: tuple[AnyStep, ...]) -> tuple[AnyStep, ...]:
    """Refuse volumes in each other's way. With some orchestrators, all steps of a run share one container."""
    check_volumes(volume for step in steps for volume in step.volumes)
    return steps


class ProductSchedule(Input):
    """When a data product runs."""

    cron: Schedule
    """Minute, hour, day, month, weekday."""
    time_zone: TimeZone = "Etc/UTC"
    """The time zone of the schedule (`Europe/Berlin`)."""
    enabled: bool = True
    """Whether the schedule is on."""


class ProductTrigger(Input):
    """A data product runs when its inputs have new data: another snapshot of the table in the catalog."""

    inputs: Literal["all", "any"]
    """Whether a run needs new data in all inputs since the last run started, or in any of them. The first run needs
    data in all of them."""
    delay: Duration = "5m"
    """How long after the new data was noticed the run starts, so that it takes all that is written in one go."""
    at_most_every: Timeout | None = None
    """The least time between two starts. Data that comes earlier waits. Default: none."""
    at_least_every: Timeout | None = None
    """A run starts after this time, also without new data. Default: only with new data."""
    enabled: bool = True
    """Whether new data starts runs."""

    @field_validator("at_least_every")
    @classmethod
    def _possible(cls, most: str | None, fields: ValidationInfo) -> str | None:
        least = fields.data.get("at_most_every")
        if least and most and parse_duration(least) > parse_duration(most):
            raise ValueError(f"{most} is less than at_most_every, {least}; give it a longer time")
        return most


class ProductInput(Input):
    """A table of another data product that this one reads."""

    product: Name
    """The product."""
    output: Name
    """The product's output."""
    domain: Name | None = None
    """The domain of that product. Default: the domain of this one."""


class ProductOutput(Input):
    """A table that a data product offers to others."""

    name: Name
    """The output's name, unique in the product."""
    description: str = ""
    """What the table contains."""
    readers: tuple[Reader, ...] | None = Field(default=None, strict=False)
    """The domains (`finance`) and products (`finance/revenue-metrics`) that may read it, besides products of the own
    domain. Default: all; an empty list: no others."""


SAME_EVERYWHERE = ("apiVersion", "kind", "metadata", "inputs", "outputs")
"""The keys of a data product that an environment cannot override: who it is, and its contract with other products."""


class DataProduct(Input):
    """A data product: an image, the steps that run in it, when it runs, inputs and outputs."""

    apiVersion: Literal["floe.dev/v1"]  # noqa: N815
    """The API version of the document."""
    kind: Literal["DataProduct"]
    """The kind of document."""
    metadata: VersionedMetadata
    """Name, version and owner of the product. The name must be that of the file."""
    image: ImageReference
    """The image with the product's code, with an exact tag or digest. Without a registry, `images.registry` is used."""
    enabled: bool = True
    """Whether the product is rendered. An environment may say something else."""
    run_by: Literal["orchestrator", "kubernetes"] = "orchestrator"
    """What starts the runs: the domain's orchestrator, or a CronJob."""
    schedule: ProductSchedule | None = None
    """When it runs. Default: only when started by hand."""
    trigger: ProductTrigger | None = None
    """Start it when its inputs have new data, instead of by a schedule. Needs a catalog, and Dagster or Airflow."""
    timeout: Timeout = "1h"
    """How long a run may take."""
    retries: Annotated[int, Field(ge=0, le=10)] = 0
    """How often a failed run is retried."""
    cache: bool = False
    """Whether its steps use the domain's cache. They get its address and password."""
    semantic_layer: bool = False
    """Whether its steps ask the domain's semantic layer, by SQL. They get its address and password."""
    placement: JobPlacement = JobPlacement()
    """The nodes that its runs need, in addition to what the domain's `placement.jobs` says."""
    inputs: tuple[ProductInput, ...] = Field(default=(), strict=False)
    """Tables of other products that it reads."""
    outputs: tuple[ProductOutput, ...] = Field(default=(), strict=False)
    """Tables that it offers."""
    steps: Annotated[tuple[AnyStep, ...], Field(min_length=1, strict=False), AfterValidator(check_step_volumes)]
    """The steps of a run, in order. A step starts when the one before it has succeeded."""
    not_secrets: dict[str, Annotated[str, Field(min_length=1)]] = Field(default_factory=dict)
    """Variables, and other keys of steps, whose values look like secrets but are not, with the reason for each."""
