"""`domains/<domain>/domain.yaml`: a domain of the data mesh."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from floe_compiler.model.fields import (
    Name,
)
from floe_compiler.model.inputs.charts import Chart
from floe_compiler.model.inputs.common import (
    Input,
    Metadata,
    Quota,
)
from floe_compiler.model.inputs.placement import Placements


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
    approved_products: tuple[Name, ...] | None = Field(default=None, strict=False)
    """The products that the domain has approved; any other one in its folder is an error. Default: all."""
    charts: dict[Name, Chart] = Field(default_factory=dict)
    """Helm charts that run in the domain's namespace, by the name of the release."""
    environments: tuple[Name, ...] | None = Field(default=None, strict=False)
    """The environments that the domain exists in. Default: all."""
