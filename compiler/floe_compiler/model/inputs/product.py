"""`domains/<domain>/products/<product>.yaml`: a data product."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from floe_compiler.model.fields import (
    ImageReference,
    Name,
    ObjectName,
    OutsideHost,
    PortNumber,
    RelativePath,
    Schedule,
    SecretKeyName,
    StepName,
    Timeout,
    TimeZone,
    VariableName,
)
from floe_compiler.model.inputs.common import (
    Input,
    ResourceSettings,
    VersionedMetadata,
)
from floe_compiler.model.inputs.servers import OutsideServer


class SecretUse(Input):
    """One key of a secret that a step reads."""

    secret: ObjectName
    """The secret's name."""
    key: SecretKeyName
    """The key in it."""


class ExternalServer(OutsideServer):
    """A server outside the platform that a step connects to."""

    host: OutsideHost
    """Its DNS name."""
    port: PortNumber = 443
    """Its TCP port."""


class Step(Input):
    """One step of a data product's pipeline: a container that runs to its end."""

    name: StepName
    """The step's name, unique in the product."""
    variables: dict[VariableName, str] = Field(default_factory=dict)
    """Environment variables; never a secret."""
    secrets: dict[VariableName, SecretUse] = Field(default_factory=dict)
    """Environment variables that take their value from a secret."""
    connects: tuple[ExternalServer, ...] = Field(default=(), strict=False)
    """Servers outside the platform that the step connects to; anything else is cut off."""
    resources: ResourceSettings | None = None
    """CPU and memory; default: by the environment's scale."""


class DltStep(Step):
    """Ingestion with dlt: an external source in, raw Iceberg tables out."""

    type: Literal["dlt"]
    """The kind of step."""
    script: RelativePath
    """The pipeline's Python file in the image, from its working directory."""


class DbtStep(Step):
    """Transformation with dbt."""

    type: Literal["dbt"]
    """The kind of step."""
    project: RelativePath = "dbt"
    """The dbt project's folder in the image."""
    select: tuple[str, ...] = Field(default=(), strict=False)
    """Node selectors; none: everything."""
    lineage: bool = False
    """Tell the platform's lineage service what the models read and write. The image must hold `openlineage-dbt`."""


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


AnyStep = Annotated[DltStep | DbtStep | QualityStep | CustomStep, Field(discriminator="type")]


class ProductSchedule(Input):
    """When a data product runs."""

    cron: Schedule
    """Minute, hour, day, month, weekday."""
    time_zone: TimeZone = "Etc/UTC"
    """The time zone that the times are in (`Europe/Berlin`)."""
    enabled: bool = True
    """Whether the schedule is on."""


class ProductInput(Input):
    """A table of another data product that this one reads."""

    product: Name
    """The product."""
    output: Name
    """Its output."""
    domain: Name | None = None
    """The product's domain; default: this product's own."""


class ProductOutput(Input):
    """A table that a data product offers to others."""

    name: Name
    """The output's name, unique in the product."""
    description: str = ""
    """What it holds."""


class DataProduct(Input):
    """A data product: an image, the steps that run in it, when, and what goes in and out."""

    apiVersion: Literal["floe.dev/v1"]  # noqa: N815
    """The version of this language."""
    kind: Literal["DataProduct"]
    """The kind of document."""
    metadata: VersionedMetadata
    """Name, version and owner of the product; the name is the file's."""
    image: ImageReference
    """The image with the product's code, by exact tag or digest; without a registry: from `images.registry`."""
    run_by: Literal["orchestrator", "kubernetes"] = "orchestrator"
    """Who starts the runs: the domain's orchestrator, or a CronJob."""
    schedule: ProductSchedule | None = None
    """When it runs; none: by hand only."""
    timeout: Timeout = "1h"
    """How long one run may take."""
    retries: Annotated[int, Field(ge=0, le=10)] = 0
    """How often a failed run is tried again."""
    inputs: tuple[ProductInput, ...] = Field(default=(), strict=False)
    """Tables of other products that it reads."""
    outputs: tuple[ProductOutput, ...] = Field(default=(), strict=False)
    """Tables that it offers."""
    steps: Annotated[tuple[AnyStep, ...], Field(min_length=1, strict=False)]
    """What a run does, in order; a step starts when the one before it has succeeded."""
