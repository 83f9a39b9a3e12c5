"""What several kinds of documents have in common."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from floe_compiler.model.fields import (
    ContainerCpu,
    Cpu,
    Memory,
    Name,
    Owner,
    SemanticVersion,
    Storage,
)
from floe_compiler.model.quantities import parse_quantity


class Input(BaseModel):
    """The base of all models here: unknown keys are errors, values are not converted, instances are frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)


class Metadata(Input):
    """Name, owner and description of what the document defines."""

    name: Name
    """The name, a DNS label. It becomes part of the names of Kubernetes objects."""
    owner: Owner
    """The team that owns it: a mail address or handle."""
    description: str = ""
    """What it is for, in a sentence."""


class VersionedMetadata(Metadata):
    """Metadata of something that is released."""

    version: SemanticVersion
    """The semantic version (`1.4.2`)."""


class Amounts(Input):
    """Amounts of CPU and memory."""

    cpu: ContainerCpu
    """CPU as a Kubernetes quantity (`500m`, `2`)."""
    memory: Memory
    """Memory as a Kubernetes quantity (`512Mi`, `2Gi`)."""


class ResourceSettings(Input):
    """Resource requests and limits of a container."""

    requests: Amounts
    """What the scheduler reserves for the container."""
    limits: Amounts
    """The most that the container may use; at least the requests."""

    @model_validator(mode="after")
    def _within_limits(self) -> Self:
        amounts = [(name, getattr(self.requests, name), getattr(self.limits, name)) for name in ("cpu", "memory")]
        problems = [
            f"{name} request {request} is above the limit {limit}"
            for name, request, limit in amounts
            if parse_quantity(request) > parse_quantity(limit)
        ]
        if problems:
            raise ValueError(f"{', and the '.join(problems)}; raise the limit or request less")
        return self


class ReplicaBounds(Input):
    """The bounds of an autoscaler, which adjusts the number of replicas to their CPU use."""

    minimum: Annotated[int, Field(ge=1)] = 2
    """The lowest number of replicas."""
    maximum: Annotated[int, Field(ge=1)] = 5
    """The highest number of replicas; the quota must have room for them."""
    cpu_percent: Annotated[int, Field(ge=1)] = 80
    """The CPU use that the autoscaler aims at, in percent of the CPU requests."""


def _in_order(replicas: int | ReplicaBounds) -> int | ReplicaBounds:
    if isinstance(replicas, ReplicaBounds) and replicas.minimum > replicas.maximum:
        raise ValueError(f"minimum {replicas.minimum} is above maximum {replicas.maximum}; correct one of them")
    return replicas


Replicas = Annotated[Annotated[int, Field(ge=1)] | ReplicaBounds, AfterValidator(_in_order)]
"""A number of replicas, or the bounds of an autoscaler."""


class Quota(Input):
    """The resource quota of a namespace. Compiling fails if its pods do not fit."""

    cpu: Cpu = "4"
    """Sum of all CPU requests."""
    memory: Memory = "8Gi"
    """Sum of all memory requests."""
    pods: Annotated[int, Field(ge=1)] = 50
    """Number of pods."""
    storage: Storage = "100Gi"
    """Sum of all persistent volume claims."""


class LargestQuota(Quota):
    """The most that the quota of a domain's namespace may be."""

    cpu: Cpu = "16"
    """Sum of all CPU requests."""
    memory: Memory = "32Gi"
    """Sum of all memory requests."""
    pods: Annotated[int, Field(ge=1)] = 200
    """Number of pods."""
    storage: Storage = "400Gi"
    """Sum of all persistent volume claims."""
