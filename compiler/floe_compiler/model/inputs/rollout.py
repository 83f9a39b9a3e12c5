"""`rollout` of a platform manifest: settings that reach the domains ring by ring."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from floe_compiler.model.fields import Name
from floe_compiler.model.inputs.common import Input


class Ring(Input):
    """Domains that get a change together."""

    name: Name
    """The ring's name (`canary`)."""
    domains: Annotated[tuple[Name, ...], Field(min_length=1, strict=False)] | None = None
    """Its domains. Only the last ring may leave them out: it has all that no other ring has."""


class RolledOutChange(Input):
    """Settings that some domains have already, and others not yet."""

    description: Annotated[str, Field(min_length=1)]
    """What changes, for those whom it reaches."""
    reached: Name | None = None
    """The last ring that has it; those before have it, too. An environment may say another one. Default: none has."""
    settings: Annotated[dict[str, Any], Field(min_length=1)]
    """The settings, with the keys that they have in this manifest: those that a domain inherits."""


class Rollout(Input):
    """Settings of the platform on their way to all domains."""

    rings: Annotated[tuple[Ring, ...], Field(min_length=1, strict=False)]
    """The rings, the first to get a change first. Together, they have every domain."""
    changes: dict[Name, RolledOutChange] = Field(default_factory=dict)
    """The changes under way, by name."""
