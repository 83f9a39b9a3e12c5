"""How far a change of a roll-out is, as plain data."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from floe_compiler.model.span import Span


class OwnSetting(msgspec.Struct, frozen=True):
    """A setting of a change that a document sets otherwise for a domain."""

    domain: str
    path: str
    place: Span


class RingProgress(msgspec.Struct, frozen=True):
    """Whether a ring has a change; its domains in the environment, and those that set the same themselves."""

    ring: str
    has_it: bool
    domains: tuple[str, ...]
    own: tuple[OwnSetting, ...]


class ChangeProgress(msgspec.Struct, frozen=True):
    """How far a change is, by environment."""

    name: str
    description: str
    place: Span
    environments: Mapping[str, tuple[RingProgress, ...]]
