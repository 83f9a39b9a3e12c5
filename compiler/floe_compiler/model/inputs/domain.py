"""`domains/<domain>/domain.yaml`: a domain of the data mesh."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from floe_compiler.model.fields import ExtendedResource, Name
from floe_compiler.model.inputs.charts import Chart
from floe_compiler.model.inputs.common import (
    Input,
    Metadata,
    Quota,
)
from floe_compiler.model.inputs.placement import Placements
from floe_compiler.model.inputs.volumes import StepVolume, check_volumes


def _mountable(volumes: tuple[StepVolume, ...]) -> tuple[StepVolume, ...]:
    check_volumes(volumes)
    return volumes


class SharedSteps(Input):
    """What all steps of a domain's products have, in addition to what each says itself."""

    devices: dict[ExtendedResource, Annotated[int, Field(ge=0)]] = Field(default_factory=dict)
    """Devices of nodes, such as GPUs (`nvidia.com/gpu: 1`). A step that says another number has that. 0, in an
    environment: none, whatever the domain's file says."""
    volumes: Annotated[tuple[StepVolume, ...], Field(strict=False), AfterValidator(_mountable)] = ()
    """ConfigMaps, secrets and persistent volumes that are mounted."""


class Domain(Input):
    """A domain of the data mesh: a team that owns data products and the orchestrator that runs them."""

    apiVersion: Literal["floe.dev/v1"]  # noqa: N815
    """The API version of the document."""
    kind: Literal["Domain"]
    """The kind of document."""
    metadata: Metadata
    """Name and owner of the domain. The name must be that of the folder."""
    quota: Quota | None = None
    """The quota of the domain's namespace, where it differs from the platform's."""
    placement: Placements | None = None
    """The nodes that the domain's pods run on, where they differ from the platform's."""
    steps: SharedSteps = SharedSteps()
    """What all steps of its products have."""
    approved_products: tuple[Name, ...] | None = Field(default=None, strict=False)
    """The products that the domain has approved; any other one in its folder is an error. Default: all."""
    charts: dict[Name, Chart] = Field(default_factory=dict)
    """Helm charts that run in the domain's namespace, by the name of the release."""
    environments: tuple[Name, ...] | None = Field(default=None, strict=False)
    """The environments that the domain exists in. Default: all."""
