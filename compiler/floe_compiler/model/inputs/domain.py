"""`domains/<domain>/domain.yaml`: a domain of the data mesh."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from floe_compiler.model.fields import (
    Name,
)
from floe_compiler.model.inputs.common import (
    Input,
    Metadata,
    Placements,
    Quota,
)


class Domain(Input):
    """A domain of the data mesh: a team that owns data products and the orchestrator that runs them."""

    apiVersion: Literal["floe.dev/v1"]  # noqa: N815
    """The version of this language."""
    kind: Literal["Domain"]
    """The kind of document."""
    metadata: Metadata
    """Name and owner of the domain; the name is the folder's."""
    quota: Quota | None = None
    """The quota of the domain's namespace, where it differs from the platform's."""
    placement: Placements | None = None
    """The nodes that the domain's pods run on, where they differ from the platform's."""
    environments: tuple[Name, ...] | None = Field(default=None, strict=False)
    """The environments that the domain exists in; none: all."""
