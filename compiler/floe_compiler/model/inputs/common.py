"""What several kinds of documents have in common."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from floe_compiler.model.fields import (
    ContainerCpu,
    Cpu,
    LabelKey,
    LabelValue,
    Memory,
    Name,
    Owner,
    SemanticVersion,
    Storage,
)
from floe_compiler.model.quantities import parse_quantity


class Input(BaseModel):
    """The base of everything authored: unknown keys are errors, values are not converted, instances are frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)


class Metadata(Input):
    """Who and what a document is."""

    name: Name
    """The name, a DNS label: it becomes part of Kubernetes names."""
    owner: Owner
    """Who answers for it: a team's mail address or handle."""
    description: str = ""
    """What it is for, in a sentence."""


class VersionedMetadata(Metadata):
    """Metadata of something that is released."""

    version: SemanticVersion
    """The semantic version of what is described (`1.4.2`)."""


class Amounts(Input):
    """Amounts of CPU and memory."""

    cpu: ContainerCpu
    """CPU as a Kubernetes quantity (`500m`, `2`)."""
    memory: Memory
    """Memory as a Kubernetes quantity (`512Mi`, `2Gi`)."""


class ResourceSettings(Input):
    """What a container asks for and may use at most."""

    requests: Amounts
    """What the scheduler sets aside for the container."""
    limits: Amounts
    """What the container may use at most; not below the requests."""

    @model_validator(mode="after")
    def _within_limits(self) -> Self:
        for name in ("cpu", "memory"):
            asked, most = getattr(self.requests, name), getattr(self.limits, name)
            if parse_quantity(asked) > parse_quantity(most):
                raise ValueError(f"requests {name} {asked}, above the limit of {most}; raise the limit or ask for less")
        return self


class ReplicaBounds(Input):
    """As many replicas as their use of CPU asks for, within bounds: an autoscaler decides."""

    minimum: Annotated[int, Field(ge=1)] = 2
    """How many there are at least."""
    maximum: Annotated[int, Field(ge=1)] = 5
    """How many there are at most; the quota must have room for them."""
    cpu_percent: Annotated[int, Field(ge=1)] = 80
    """The use of CPU that is aimed at, of what each replica requests."""


Replicas = Annotated[int, Field(ge=1)] | ReplicaBounds
"""A number of replicas, or the bounds of an autoscaler."""


class Quota(Input):
    """What a namespace may use in all: the sum of its pods must fit, or compiling fails."""

    cpu: Cpu = "4"
    """Sum of CPU requests."""
    memory: Memory = "8Gi"
    """Sum of memory requests."""
    pods: Annotated[int, Field(ge=1)] = 50
    """Number of pods."""
    storage: Storage = "100Gi"
    """Sum of the persistent volume claims."""


class Toleration(Input):
    """A taint that pods put up with."""

    key: LabelKey
    """The taint's key."""
    value: LabelValue = ""
    """The taint's value; empty: any."""
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] = "NoSchedule"
    """The taint's effect."""


class Placement(Input):
    """The nodes that pods run on."""

    node_selector: dict[LabelKey, LabelValue] = Field(default_factory=dict)
    """Labels that a node must have."""
    tolerations: tuple[Toleration, ...] = Field(default=(), strict=False)
    """Taints of nodes that pods put up with."""


class Placements(Input):
    """The nodes for long-running services and for data pipelines, which often have their own."""

    services: Placement = Placement()
    """Where servers run."""
    jobs: Placement = Placement()
    """Where pipelines and other tasks run."""
