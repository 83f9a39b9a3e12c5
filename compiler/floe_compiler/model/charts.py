"""Helm charts: the releases that a namespace asks for, and what helm renders of them."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from typing import Literal, NamedTuple

import msgspec

from floe_compiler.model.layout import CHARTS
from floe_compiler.model.objects import Object
from floe_compiler.model.span import Span

WORKLOAD_LABEL = "floe.dev/chart-workload"
"""The label of the pods of a chart's workload, by which Services and network policies select them."""

Hook = Literal["apply", "omit"]


class ChartVersion(NamedTuple):
    """A vendored version of a chart."""

    name: str
    version: str

    @property
    def folder(self) -> str:
        """Return its folder."""
        return posixpath.join(CHARTS, self.name, self.version)

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


class ChartPods(msgspec.Struct, frozen=True, array_like=True):
    """A workload of a chart of which something is declared, and the servers that its pods call."""

    workload: str
    calls: tuple[str, ...]
    origin: Span | None


class ChartLimits(msgspec.Struct, frozen=True, array_like=True):
    """What a chart in the namespace of a domain may have."""

    images: tuple[str, ...]
    """Prefixes of the images."""
    classes: tuple[str, ...]
    """Priority and runtime classes."""
    tolerations: tuple[tuple[str, str, str], ...]
    """Key, value (empty: any) and effect of each taint that pods may tolerate."""


class ChartUse(msgspec.Struct, frozen=True, array_like=True):
    """A release of a chart in a namespace: an entry of `charts`, with all layers merged."""

    name: str
    """The name of the entry, and of the release."""
    version: ChartVersion
    namespace: str
    scope: str
    values: bytes
    """The values as JSON."""
    origin: Span | None
    """Where the entry is written."""
    version_origin: Span | None
    crds: bool
    hooks: Mapping[str, Hook]
    hook_places: Mapping[str, Span]
    """Where each hook is named."""
    pods: tuple[ChartPods, ...]
    places: Mapping[str, Span]
    """Where each value is written, by its path (`replica.count`), and each key at the top."""
    limits: ChartLimits | None
    """What its objects are held to; None for the platform's."""


class RenderedChart(msgspec.Struct, frozen=True, array_like=True):
    """What helm makes of a release: its objects in order, each with the path of its template in the chart's folder."""

    objects: tuple[tuple[str, Object], ...]


class ChartObject(msgspec.Struct, frozen=True):
    """An object of a chart, the entry that it is rendered for, and the template that it comes from."""

    manifest: Object
    origin: Span
    template: Span
