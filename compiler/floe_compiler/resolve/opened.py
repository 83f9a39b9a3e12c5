"""What one environment opens to users, with the interfaces of its namespaces."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from floe_compiler.model.document import DataPath
from floe_compiler.model.ingress import OpenedHost
from floe_compiler.model.inputs import Ingress
from floe_compiler.model.mesh_facts import OpenInterface
from floe_compiler.model.span import Span
from floe_compiler.resolve.frame import Frame

INGRESS: DataPath = ("ingress",)


class Opened(msgspec.Struct, frozen=True):
    """The ingress of an environment, with the interfaces of its namespaces and those that it opens."""

    frame: Frame
    settings: Ingress
    interfaces: Mapping[str, OpenInterface]
    hosts: tuple[OpenedHost, ...]

    def span(self, *path: str | int) -> Span | None:
        """Return the location of a value below `ingress`, or that of the nearest value above it."""
        return self.frame.document.span((*INGRESS, *path))

    def span_of(self, opened: OpenedHost) -> Span | None:
        """Return the location of a host: its own, or that of the domain."""
        return self.span("hosts", opened.name) if opened.name in self.settings.hosts else self.span("domain")

    @property
    def namespaces(self) -> set[str]:
        """Return the namespaces that have interfaces, and that of the shared services."""
        namespaces = {interface.namespace for interface in self.interfaces.values()}
        return namespaces | {self.frame.settings.environment.platform_namespace}

    @property
    def name(self) -> str:
        """Return the name of the environment."""
        return self.frame.settings.environment.name
