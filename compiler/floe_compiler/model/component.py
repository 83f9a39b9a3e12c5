"""Components: what a platform can be made of, one use of a component, and what its hooks get."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Generic, Self, TypeVar

import msgspec
from msgspec.structs import replace
from pydantic import BaseModel

from floe_compiler.model.capabilities import Capability
from floe_compiler.model.data_access import KeptFiles, ServedProduct
from floe_compiler.model.document import DataPath
from floe_compiler.model.facts import Parts
from floe_compiler.model.inputs import CloudNativePg, ExternalPostgresql, Placements, PostgresqlServer
from floe_compiler.model.mesh_facts import MeshFacts
from floe_compiler.model.product import Product
from floe_compiler.model.refusal import Refusal
from floe_compiler.model.requirements import Requirement
from floe_compiler.model.semantic_models import ModelFile
from floe_compiler.model.settings import Settings
from floe_compiler.model.span import Span
from floe_compiler.model.unit_scopes import ComponentScope

Config = TypeVar("Config", bound=BaseModel)
Kind = TypeVar("Kind", bound=Capability)


def nothing(_instance: object) -> tuple[()]:
    """Return no facts: the default of most functions of a component."""
    return ()


class Instance(msgspec.Struct, Generic[Config], frozen=True):
    """One use of a component in one namespace. `origin` is its location in the inputs."""

    slot: str
    type: str
    name: str
    scope: str
    namespace: str
    config: Config
    settings: Settings
    products: tuple[Product, ...] = ()
    """For orchestrators: the data products that it runs."""

    models: tuple[ModelFile, ...] = ()
    """For semantic layers: the domain's models."""

    domains: tuple[str, ...] = ()
    served: tuple[ServedProduct, ...] = ()
    """For shared components: the names of the domains with data products, and all products; both sorted. For semantic
    layers, the products are those of the domain."""

    file_users: tuple[ServedProduct, ...] = ()
    """For shared components: the logins to the object store that components of domains need for their pods, sorted."""

    tables_are_vended: bool = False
    """For object stores: whether the catalog issues the credentials for the files of tables."""

    origin: Span | None = None
    databases: tuple[str, ...] = ()
    """The names of its databases (`<server>/<database>`), in the order of `Component.databases`."""

    settings_path: DataPath = ()
    """The locations of its settings in the documents of its scope."""

    placement: Placements = msgspec.field(default_factory=Placements)
    """For components that start pods at run time: the nodes for the pods of its namespace."""

    @property
    def store_users(self) -> tuple[ServedProduct, ...]:
        """Return all that need a login of their own to the object store."""
        users = (*self.served, *self.file_users)
        return tuple(product for product in users if product.reaches_files or not self.tables_are_vended)

    def as_rendered(self) -> Self:
        """Return it without its products, its models and its place, as objects follow only from its parts.

        So an edit of a product leaves most objects of an orchestrator unchanged, and cached.
        """
        return replace(self, products=(), models=(), origin=None)

    def label(self) -> str:
        """Return its name in messages: `catalog polaris in floe-platform`."""
        return f"{self.slot} {self.type} in {self.namespace}"


class Context(msgspec.Struct, Generic[Config], frozen=True):
    """The input of a component's `build`: its instance, and the capabilities that meet its requirements."""

    instance: Instance[Config]
    capabilities: tuple[Capability, ...] = ()

    @property
    def config(self) -> Config:
        """Return the component's own configuration."""
        return self.instance.config

    @property
    def settings(self) -> Settings:
        """Return the settings of the whole environment."""
        return self.instance.settings

    def all(self, kind: type[Kind]) -> tuple[Kind, ...]:
        """Return all capabilities of this kind, sorted by name."""
        of_kind = (capability for capability in self.capabilities if isinstance(capability, kind))
        return tuple(sorted(of_kind, key=lambda capability: capability.name))

    def optional(self, kind: type[Kind], name: str = "") -> Kind | None:
        """Return the capability of this kind (and name), or None."""
        named = (capability for capability in self.capabilities if isinstance(capability, kind))
        wanted = [capability for capability in named if name in ("", capability.name)]
        return min(wanted, key=lambda capability: capability.name, default=None)

    def required(self, kind: type[Kind], name: str = "") -> Kind:
        """Return the capability of this kind (and name); a component may only use what it requires."""
        capability = self.optional(kind, name)
        if capability is None:
            wanted = f"{kind.__name__} {name}".rstrip()
            raise LookupError(
                f"{self.instance.label()} has no {wanted}: name it in `requires`; in a test, give it as `found`"
            )
        return capability


class DatabaseNeed(msgspec.Struct, frozen=True):
    """A PostgreSQL database that a component needs: where (`choice`), and its usual database and user names."""

    choice: PostgresqlServer | CloudNativePg | ExternalPostgresql
    database: str
    user: str


class Component(msgspec.Struct, Generic[Config], frozen=True, eq=False):
    """A component that a platform can use: the constant COMPONENT of a module in `components/`.

    All functions are at the top level of a module, not lambdas, so that other processes find them by name.
    `slot` is a path in the platform manifest (`observability.collector`), and `type` selects the component there.
    `name` is the name of an instance (default: the type). `profiles` are defaults by scale. `databases`, `provides`
    and `requires` depend on the configuration only; `refuses` and `build` may also use the capabilities that meet the
    requirements. `constructs` adds objects written with cdk8s in Python to the instance's chart. `extends` returns
    parts that depend on what all components of its namespace declare, and `completes` parts that depend on the facts of
    all namespaces: they are added to those of `build`, and replace those with the same name, but must not declare other
    interfaces, metrics, data or alerts. `unprovided` says how to make it provide what it provides only if told to. An
    orchestrator that `notices_inputs` starts products that have a trigger (`Product.trigger`). A shared component is in
    the cluster of the platform, and if it says `in_each_cluster`, in each of the environment's other clusters, too.
    `keeps` says what a component of a domain keeps in the object store besides tables, by the domain's name and its
    configuration. `platform_settings` are settings that a component of each scope has for the shared services alone: a
    domain inherits them without effect, and must not set them.
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
    extends: Callable[[Context[Config], tuple[Parts, ...]], Parts] | None = None
    completes: Callable[[Context[Config], MeshFacts], Parts] | None = None
    profiles: Mapping[str, Mapping[str, Any]] = msgspec.field(default_factory=dict)
    scope: ComponentScope = "domain"
    unprovided: Mapping[builtins.type[Capability], str] = msgspec.field(default_factory=dict)
    notices_inputs: bool = False
    in_each_cluster: bool = False
    keeps: Callable[[str, Config], KeptFiles | None] | None = None
    platform_settings: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, str]:
        """Return the component's key: its slot and type."""
        return (self.slot, self.type)
