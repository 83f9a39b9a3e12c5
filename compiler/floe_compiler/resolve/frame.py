"""What the resolution of an environment works on: the inputs, the scopes, and what all domains share."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import msgspec

from floe_compiler.model.capabilities import Capability
from floe_compiler.model.charts import ChartUse
from floe_compiler.model.data_access import ServedProduct
from floe_compiler.model.document import DataPath, Document
from floe_compiler.model.ingress import EnvironmentIngress
from floe_compiler.model.inputs import (
    ArgoCd,
    Environment,
    Flux,
    IstioLinks,
    LinkerdLinks,
    McsLinks,
    PlatformManifest,
    Quota,
)
from floe_compiler.model.links import ClientCheck, Linking, LinkingGateway, MeshGateway
from floe_compiler.model.plan import QuotaGrowth
from floe_compiler.model.settings import Settings
from floe_compiler.model.sites import Site
from floe_compiler.model.sources import Sources
from floe_compiler.model.span import Span
from floe_compiler.resolve.capabilities import Placed, provided
from floe_compiler.resolve.known_parts import KnownParts
from floe_compiler.resolve.layers import Layer, Merged
from floe_compiler.resolve.limits import SetLimit
from floe_compiler.resolve.locks import Locks
from floe_compiler.resolve.namespaces import namespace_name
from floe_compiler.resolve.presence import domains_in
from floe_compiler.resolve.product_overrides import Overrides
from floe_compiler.resolve.products import Key, References
from floe_compiler.resolve.slots import Registry

REACHED_AT: DataPath = ("cluster", "reached_at")


class Inputs(msgspec.Struct, frozen=True):
    """The inputs of the resolution of every environment."""

    sources: Sources
    registry: Registry
    locks: Locks
    limits: tuple[SetLimit, ...]
    references: Mapping[Key, References]
    manifests: Merged
    """What the manifests of the platform say together, without its environments."""

    known_parts: KnownParts = msgspec.field(default_factory=KnownParts)
    """What an earlier resolution made."""


class Scope(msgspec.Struct, frozen=True, dict=True):
    """The intermediate state of a namespace."""

    name: str
    namespace: str
    owner: str
    merged: Merged
    quota: Quota
    quota_growth: QuotaGrowth
    quota_origin: Span | None
    """Where its quota is written, or else the most that a domain may have; None if only the scale says so."""

    placed: tuple[Placed, ...]
    charts: tuple[ChartUse, ...] = ()

    @cached_property
    def provided(self) -> tuple[Capability, ...]:
        """Return what its components provide."""
        return provided(self.placed)


class Frame(msgspec.Struct, frozen=True, dict=True):
    """The part of an environment that all of its domains share: its settings and the shared services."""

    inputs: Inputs
    site: Site
    environment: Environment
    """The environment, as if it had only the cluster of the site."""

    document: Document
    overrides: Overrides
    """What it says of data products."""

    layers: tuple[Layer, ...]
    settings: Settings
    delivery: ArgoCd | Flux
    platform: Scope
    nodes: Scope | None
    """What needs access to the nodes, if there is anything."""

    manifest: PlatformManifest
    """The platform's settings."""

    version_origin: Span | None
    served: tuple[ServedProduct, ...]
    """Who reads and writes which tables."""

    complete: bool
    """Whether all requested slots could be filled."""

    provided: tuple[Capability, ...]
    """Everything that the shared services provide: those in its own cluster, and what only others have."""

    elsewhere: tuple[Capability, ...] = ()
    """What the shared services provide from another cluster."""

    @property
    def ingress(self) -> EnvironmentIngress | None:
        """Return what users open of the environment; None if it says nothing of that."""
        if self.environment.ingress is None:
            return None
        names = self.settings.environment
        origin = self.document.key_span(("ingress",))
        return EnvironmentIngress(self.environment.ingress, names.platform_namespace, names.scale, origin)

    @property
    def linking(self) -> Linking | None:
        """Return how the environment's other clusters reach its cluster; None if they do not."""
        links, reached_at = self.environment.links, self.environment.cluster.reached_at
        if isinstance(links, IstioLinks | LinkerdLinks):
            origin = self.document.span(REACHED_AT) or self.document.key_span(("links",))
            return Linking(origin=origin, mesh=MeshGateway(links.type, links.gateway_namespace))
        if links is None or reached_at is None:
            return None
        origin = self.document.span(REACHED_AT)
        if isinstance(links, McsLinks):
            return Linking(origin=origin)
        annotations = tuple(sorted(links.annotations.items()))
        certificates = links.client_certificates
        clients = ClientCheck(certificates.port, certificates.authority) if certificates else None
        gateway = LinkingGateway(reached_at.domain or "", links.class_, links.issuer, annotations, clients)
        return Linking(gateway, origin)

    @property
    def domains(self) -> tuple[str, ...]:
        """Return the names of the domains that stand in it, sorted."""
        return tuple(filter(self.site.has, self.all_domains))

    @cached_property
    def all_domains(self) -> tuple[str, ...]:
        """Return the names of the domains that the environment has in any of its clusters, sorted."""
        return domains_in(self.inputs.sources, self.document, self.settings.environment.name)

    @property
    def namespaces_elsewhere(self) -> frozenset[str]:
        """Return the namespaces of the domains that stand in other clusters of the environment."""
        elsewhere = {*self.all_domains} - {*self.domains}
        return frozenset(namespace_name(self.environment, domain) for domain in elsewhere)

    @property
    def shared(self) -> Mapping[str, Scope]:
        """Return the scopes that are of no domain, by name."""
        return {scope.name: scope for scope in (self.platform, self.nodes) if scope}
