"""The plan of a mesh between inputs and objects: resolved, declared, and planned unit by unit."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Generic, Literal, TypeVar

from pydantic import BaseModel

from floe_compiler.model.capabilities import Capability
from floe_compiler.model.document import DataPath
from floe_compiler.model.facts import Parts
from floe_compiler.model.inputs import (
    ArgoCd,
    Cluster,
    DataProduct,
    ExternalPostgresql,
    Flux,
    Placements,
    PostgresqlServer,
    Quota,
)
from floe_compiler.model.mesh_facts import MeshFacts
from floe_compiler.model.objects import Object
from floe_compiler.model.rendered import Protocol
from floe_compiler.model.secrets import Secret
from floe_compiler.model.settings import Settings
from floe_compiler.model.span import Span
from floe_compiler.model.units import UnitKey

Config = TypeVar("Config", bound=BaseModel)
Kind = TypeVar("Kind", bound=Capability)

CalledPort = tuple[Protocol, int]
"""Protocol and number of a container's port."""

Callers = Mapping[str, tuple[CalledPort, ...]]
"""Who calls a server: the namespaces of the pods that do, each with the ports that they call, sorted."""

ComponentScope = Literal["platform", "domain", "each"]
"""Where a component runs: in the platform's namespace, in that of each domain, or in all of these."""

PLATFORM: Final = "platform"
"""The scope of the shared services; every other scope is a domain's name."""


def nothing(_instance: object) -> tuple[()]:
    """Return no facts: the default of most functions of a component."""
    return ()


@dataclass(frozen=True, slots=True)
class Requirement:
    """A component needs a capability: of the platform, or of its own domain (looked up there first).

    `name` selects one by name; `many` selects all in the unit; `optional` may remain unmet.
    """

    kind: type[Capability]
    name: str = ""
    many: bool = False
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Product:
    """A data product and its domain."""

    name: str
    domain: str
    spec: DataProduct
    origin: Span | None = None
    """Where it was written."""


@dataclass(frozen=True, slots=True)
class Instance(Generic[Config]):
    """One use of a component in one namespace. `origin` is the authored place that asked for it."""

    slot: str
    type: str
    name: str
    scope: str
    namespace: str
    config: Config
    settings: Settings
    products: tuple[Product, ...] = ()
    """The data products that it runs; for orchestrators."""

    domains: tuple[str, ...] = ()
    """The domains that have data products, sorted; for shared components, which know no more of them."""

    origin: Span | None = None
    databases: tuple[str, ...] = ()
    """The names of its databases (`<server>/<database>`), in the order of the component's needs."""

    settings_path: DataPath = ()
    """Where its settings stand in the documents of its scope."""

    placement: Placements = field(default_factory=Placements)
    """The nodes for the pods of its namespace; for components that start pods by themselves."""

    def label(self) -> str:
        """Return its name in messages: `catalog polaris in floe-platform`."""
        return f"{self.slot} {self.type} in {self.namespace}"


@dataclass(frozen=True, slots=True)
class Context(Generic[Config]):
    """What a component's `build` gets: its instance, and the capabilities that its requirements found."""

    instance: Instance[Config]
    found: tuple[Capability, ...] = ()

    @property
    def config(self) -> Config:
        """Return the component's own configuration."""
        return self.instance.config

    @property
    def settings(self) -> Settings:
        """Return the settings of the whole environment."""
        return self.instance.settings

    def all(self, kind: type[Kind]) -> tuple[Kind, ...]:
        """Return every capability of that kind that was found, sorted by name."""
        return tuple(sorted((one for one in self.found if isinstance(one, kind)), key=lambda one: one.name))

    def optional(self, kind: type[Kind], name: str = "") -> Kind | None:
        """Return the capability of that kind (and name), or None."""
        return next((one for one in self.all(kind) if name in ("", one.name)), None)

    def one(self, kind: type[Kind], name: str = "") -> Kind:
        """Return the capability of that kind (and name); a component may only ask for what it requires."""
        found = self.optional(kind, name)
        if found is None:
            raise LookupError(f"{self.instance.label()} uses a {kind.__name__} {name} that it does not require")
        return found


@dataclass(frozen=True, slots=True)
class DatabaseNeed:
    """A component needs a PostgreSQL database; `choice` says where, `database` and `user` what it is usually called."""

    choice: PostgresqlServer | ExternalPostgresql
    database: str
    user: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a component cannot work in an environment, and the fix.

    `path` leads from the component's settings to the one that is at fault. If it is a setting of the platform or domain
    instead, such as `placement`, `scope_path` leads to it from the top of their documents.
    """

    message: str
    hint: str
    path: DataPath = ()
    scope_path: DataPath = ()


@dataclass(frozen=True, slots=True)
class Component(Generic[Config]):
    """A component that a platform can use: the constant COMPONENT of a module in `components/`.

    All functions are functions of a module, so that other processes find them by their names: no lambdas.
    `slot` is the place it fills, as a path in the platform manifest (`observability.collector`), and `type` the word
    that chooses it there. `name` is what an instance is called (default: the type). `profiles` are defaults by scale.
    `databases`, `provides` and `requires` are facts of the configuration alone; `refuses` and `build` may use what the
    requirements found (the databases first of all). `constructs` adds objects written with cdk8s in Python to the
    instance's chart. `completes` returns what depends on the facts of all namespaces: it joins what `build` returned,
    and takes the place of what has the same name there, but declares no other interfaces, metrics or data.
    """

    slot: str
    type: str
    summary: str
    config: builtins.type[Config]
    build: Callable[[Context[Config]], Parts]
    name: str = ""
    databases: Callable[[Instance[Config]], tuple[DatabaseNeed, ...]] = nothing
    provides: Callable[[Instance[Config]], tuple[Capability, ...]] = nothing
    requires: Callable[[Instance[Config]], tuple[Requirement, ...]] = nothing
    refuses: Callable[[Context[Config]], Iterable[Refusal]] = nothing
    constructs: Callable[[Any, Context[Config]], None] | None = None
    completes: Callable[[Context[Config], MeshFacts], Parts] | None = None
    profiles: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    scope: ComponentScope = "domain"

    @property
    def key(self) -> tuple[str, str]:
        """Return what identifies the component: its slot and type."""
        return (self.slot, self.type)


@dataclass(frozen=True, slots=True)
class ExternalDatabase:
    """A database outside the cluster, and the component that uses it (as people call it, and where it was chosen)."""

    host: str
    port: int
    name: str
    owner: str
    origin: Span | None = None


@dataclass(frozen=True, slots=True)
class ResolvedUnit:
    """One namespace of an environment: its components, each with what it requires."""

    settings: Settings
    scope: str
    namespace: str
    owner: str
    contexts: tuple[tuple[Component[Any], Context[Any]], ...]
    quota: Quota
    quota_origin: Span | None = None
    """Where the quota was written, or the scale that it follows from."""

    external_databases: tuple[ExternalDatabase, ...] = ()


@dataclass(frozen=True, slots=True)
class EnvironmentPlan:
    """All units of one environment."""

    settings: Settings
    cluster: Cluster
    delivery: ArgoCd | Flux
    units: tuple[ResolvedUnit, ...]
    version_origin: Span | None = None
    """Where the version of Kubernetes was written."""

    def delivery_plan(self) -> DeliveryPlan:
        """Return the facts that the delivery objects are derived from."""
        namespaces = tuple(DeliveredNamespace(unit.scope, unit.namespace, unit.owner) for unit in self.units)
        return DeliveryPlan(self.settings, self.cluster, self.delivery, namespaces, self.version_origin)


@dataclass(frozen=True, slots=True)
class DeliveredNamespace:
    """A namespace as Argo CD or Flux delivers it."""

    scope: str
    namespace: str
    owner: str


@dataclass(frozen=True, slots=True)
class DeliveryPlan:
    """What the delivery objects of an environment follow from."""

    settings: Settings
    cluster: Cluster
    delivery: ArgoCd | Flux
    namespaces: tuple[DeliveredNamespace, ...]
    version_origin: Span | None = None


@dataclass(frozen=True, slots=True)
class DeclaredInstance:
    """A component instance with all the facts that it declares. `objects` are those of its cdk8s constructs."""

    instance: Instance[Any]
    parts: Parts
    objects: tuple[Object, ...] = ()
    secrets: tuple[Secret, ...] = ()
    """The secrets that it hands over to others, sorted; whether it creates them or only refers to them."""


@dataclass(frozen=True, slots=True)
class DeclaredUnit:
    """One namespace with everything that its components declare. Plain data."""

    settings: Settings
    scope: str
    namespace: str
    owner: str
    quota: Quota
    instances: tuple[DeclaredInstance, ...] = ()
    quota_origin: Span | None = None
    incomplete: bool = False
    """Components of it add parts once the facts of all namespaces are known (`Component.completes`)."""

    @property
    def key(self) -> UnitKey:
        """Return the key of the unit."""
        return UnitKey(self.settings.environment.name, self.settings.cluster.name, self.namespace)


@dataclass(frozen=True, slots=True)
class SharedSecrets:
    """The secrets of a namespace that others read through a store, and the namespaces that do; both sorted."""

    secrets: tuple[str, ...]
    readers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UnitPlan:
    """The unit of work: a namespace, and what follows for it from the facts of the others.

    Rendering reads this and nothing else.
    """

    unit: DeclaredUnit
    callers: Mapping[str, Callers] = field(default_factory=dict)
    """For each server of the namespace that is called: by which namespaces, on which ports."""

    shared_secrets: SharedSecrets | None = None
