"""The data between inputs and objects: each unit is resolved, declared, and planned."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from floe_compiler.model.accounts import Reader
from floe_compiler.model.alerts import Scraper
from floe_compiler.model.charts import ChartUse
from floe_compiler.model.component import Component as Component  # re-exported: what units are made of
from floe_compiler.model.component import Context as Context
from floe_compiler.model.component import DatabaseNeed as DatabaseNeed
from floe_compiler.model.component import Instance as Instance
from floe_compiler.model.component import nothing as nothing
from floe_compiler.model.delivery_plan import DeliveredNamespace as DeliveredNamespace  # re-exported
from floe_compiler.model.delivery_plan import DeliveryPlan as DeliveryPlan
from floe_compiler.model.facts import Parts
from floe_compiler.model.ingress import EnvironmentIngress, UnitIngress
from floe_compiler.model.inputs import ArgoCd, Cluster, Flux, Quota
from floe_compiler.model.links import Linked, Linking
from floe_compiler.model.objects import Object
from floe_compiler.model.product import Product as Product  # re-exported: what orchestrators run
from floe_compiler.model.refusal import Refusal as Refusal  # re-exported: what components return
from floe_compiler.model.rendered import Protocol
from floe_compiler.model.requirements import Requirement as Requirement  # re-exported: a part of components
from floe_compiler.model.secrets import Secret
from floe_compiler.model.settings import Settings
from floe_compiler.model.span import Span
from floe_compiler.model.unit_scopes import NODES as NODES  # re-exported: the scopes of plans
from floe_compiler.model.unit_scopes import PLATFORM as PLATFORM
from floe_compiler.model.unit_scopes import SHARED as SHARED
from floe_compiler.model.unit_scopes import ComponentScope as ComponentScope
from floe_compiler.model.unit_scopes import scope_name as scope_name
from floe_compiler.model.units import UnitKey

CalledPort = tuple[Protocol, int]
"""Protocol and number of a container's port."""

Callers = Mapping[str, tuple[CalledPort, ...]]
"""The callers of a server: their namespaces, each with the ports that they call, sorted."""
MeshCallers = Mapping[int, tuple[str, ...]]
"""In a service mesh: who calls a server, by the port of its container: the accounts as `<namespace>/<name>`, sorted."""

QuotaGrowth = tuple[tuple[str, str], ...]
"""The amounts of a quota that nobody has set: they grow with the demand, each up to this much (empty: any amount)."""


class ExternalDatabase(msgspec.Struct, frozen=True):
    """A database outside the cluster, and the component that uses it (its label, and where it was chosen)."""

    host: str
    port: int
    name: str
    owner: str
    origin: Span | None = None


class ResolvedUnit(msgspec.Struct, frozen=True):
    """One namespace of an environment: its components, each with what it requires."""

    settings: Settings
    scope: str
    namespace: str
    owner: str
    contexts: tuple[tuple[Component[Any], Context[Any]], ...]
    quota: Quota
    quota_origin: Span | None = None
    """The location of the quota, or of the scale that sets it."""

    quota_growth: QuotaGrowth = ()
    pull_secret_origin: Span | None = None
    """The location of `images.pull_secret`, if it is set."""
    external_databases: tuple[ExternalDatabase, ...] = ()
    charts: tuple[ChartUse, ...] = ()


class EnvironmentPlan(msgspec.Struct, frozen=True):
    """All units of one environment."""

    settings: Settings
    cluster: Cluster
    delivery: ArgoCd | Flux
    units: tuple[ResolvedUnit, ...]
    version_origin: Span | None = None
    """The location of the Kubernetes version."""
    ingress: EnvironmentIngress | None = None
    linking: Linking | None = None
    """How other clusters of the environment reach its cluster, if they may."""

    def delivery_plan(self, *, encrypted: bool = False) -> DeliveryPlan:
        """Return what the delivery objects are derived from, if namespaces have `encrypted` Secrets or not."""
        namespaces = tuple(DeliveredNamespace(unit.scope, unit.namespace, unit.owner, encrypted) for unit in self.units)
        return DeliveryPlan(self.settings, self.cluster, self.delivery, namespaces, self.version_origin)


class DeclaredInstance(msgspec.Struct, frozen=True):
    """A component instance with all facts that it declares. `objects` are those of its cdk8s constructs."""

    instance: Instance[Any]
    parts: Parts
    objects: tuple[Object, ...] = ()
    secrets: tuple[Secret, ...] = ()
    """The secrets in the capabilities that it provides, sorted, whether it creates them or only refers to them."""


class DeclaredUnit(msgspec.Struct, frozen=True):
    """One namespace with everything that its components declare."""

    settings: Settings
    scope: str
    namespace: str
    owner: str
    quota: Quota
    instances: tuple[DeclaredInstance, ...] = ()
    quota_origin: Span | None = None
    quota_growth: QuotaGrowth = ()
    pull_secret_origin: Span | None = None
    incomplete: bool = False
    """Whether components add parts once the facts of all namespaces are known (`Component.completes`)."""

    @property
    def key(self) -> UnitKey:
        """Return the key of the unit."""
        return UnitKey(self.settings.site, self.settings.cluster.name, self.namespace)


class SharedSecrets(msgspec.Struct, frozen=True):
    """The secrets of a namespace that other namespaces read through a store, and these namespaces; both sorted."""

    secrets: tuple[str, ...]
    readers: tuple[str, ...]


class UnitPlan(msgspec.Struct, frozen=True):
    """All that is needed to render a unit: its declared facts, and what is derived from the facts of other units."""

    unit: DeclaredUnit
    callers: Mapping[str, Callers] = msgspec.field(default_factory=dict)
    """For each server of the namespace: the namespaces that call it, and the ports."""

    shared_secrets: SharedSecrets | None = None
    ingress: UnitIngress | None = None
    """What is opened to users; None: the environment does not say, so that all interfaces may be."""
    readers: tuple[Reader, ...] = ()
    scraper: Scraper | None = None
    linked: Linked | None = None
    """What is opened to other clusters of the environment, if they call its servers."""
    mesh_callers: Mapping[str, MeshCallers] = msgspec.field(default_factory=dict)
    """In a service mesh, for each server of the namespace: who calls it from other namespaces."""
