"""Renders one object of one environment from changed inputs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from msgspec.structs import replace

from floe_compiler.declare import RunConstructs, declare, declare_instance
from floe_compiler.declare.completion import added_by, completed
from floe_compiler.derive import plan_units
from floe_compiler.explain.variations import words
from floe_compiler.model.document import Document
from floe_compiler.model.facts import Parts
from floe_compiler.model.job_names import without_hash
from floe_compiler.model.mesh_facts import MeshFacts
from floe_compiler.model.objects import Object, ObjectId, identify
from floe_compiler.model.plan import (
    PLATFORM,
    SHARED,
    Component,
    Context,
    DeclaredInstance,
    DeclaredUnit,
    EnvironmentPlan,
    ResolvedUnit,
    UnitPlan,
    scope_name,
)
from floe_compiler.model.sources import Sources
from floe_compiler.model.unit_facts import UnitFacts, unit_facts
from floe_compiler.resolve import resolve
from floe_compiler.resolve.schemas import plain_schemas
from floe_compiler.resolve.slots import Registry
from floe_compiler.synthesize.charts import without_cdk8s
from floe_compiler.synthesize.delivery import delivery_objects
from floe_compiler.synthesize.delivery.folders import delivery_name
from floe_compiler.synthesize.python_constructs import objects_of
from floe_compiler.synthesize.unit import render_instance, render_unit

Label = tuple[str, str]
"""The namespace and the label of a component instance."""

SAMPLE = 3
"""The number of domains to render the platform's objects with, as all domains affect them in the same way."""


class Known:
    """What component instances declared and added in the first variation, which leaves most of them as they are."""

    def __init__(self) -> None:
        self._declared: dict[Label, tuple[Context[Any], DeclaredInstance]] = {}
        self._added: dict[Label, tuple[Context[Any], Parts]] = {}
        self._mesh: MeshFacts | None = None

    def declared(
        self, component: Component[Any], context: Context[Any], run_constructs: RunConstructs
    ) -> DeclaredInstance:
        """Return what one component declares."""
        label = _label(context)
        known = self._declared.get(label)
        if known is not None and known[0] == context:
            return known[1]
        found = declare_instance(component, context, run_constructs)
        self._declared.setdefault(label, (context, found))
        return found

    def added(self, component: Component[Any], context: Context[Any], mesh: MeshFacts) -> Parts:
        """Return what one component adds."""
        label = _label(context)
        self._mesh = self._mesh or mesh
        known = self._added.get(label)
        if known is not None and known[0] == context and (mesh is self._mesh or mesh == self._mesh):
            return known[1]
        found = added_by(component, context, mesh)
        if mesh is self._mesh:
            self._added.setdefault(label, (context, found))
        return found


def _label(context: Context[Any]) -> Label:
    instance = context.instance
    return instance.namespace, instance.label()


class Question:
    """One object of one environment, which can be rendered from changed documents."""

    def __init__(
        self, sources: Sources, registry: Registry, environment: str, identity: ObjectId, *, decrypts: bool = False
    ) -> None:
        self.decrypts = decrypts
        self.registry, self.environment, self.identity = registry, environment, identity
        self._known = Known()
        self._owner = ""
        self._declared: dict[str, tuple[ResolvedUnit, tuple[DeclaredUnit, UnitFacts]]] = {}
        self._completed: dict[str, tuple[DeclaredUnit, MeshFacts, DeclaredUnit]] = {}
        self.closed = tuple(dict.fromkeys(words(plain_schemas(registry))))
        plan = self._plan(sources)
        self.settings = plan.settings
        self.unit = self._find(plan)
        self.generated = self.pick(self._objects(plan))
        self.scope = self.unit.scope if self.unit else self._domain(sources)
        self.sources = without_limits(reduced(sources, self.scope))
        # What is kept from now on is that of the reduced documents, which variations leave mostly unchanged.
        self._declared.clear()
        self._completed.clear()
        self._known = Known()
        self._owner = self._owner_of(self._plan(self.sources))
        self.baseline = self.render(self.sources)

    def _plan(self, sources: Sources) -> EnvironmentPlan:
        plans, _ = resolve(sources, self.registry, (self.environment,))
        return plans[0]

    def _find(self, plan: EnvironmentPlan) -> ResolvedUnit | None:
        """Return the unit that renders the object; None for an object of the delivery tool."""
        names = {self.identity.namespace, self.identity.name}  # a Namespace belongs to its own unit
        near = [unit for unit in plan.units if unit.namespace in names]
        return next((unit for unit in near or plan.units if self.pick(self._rendered(unit, plan)) is not None), None)

    def _owner_of(self, plan: EnvironmentPlan) -> str:
        """Return the component instance that has the object; empty if none has."""
        unit = next((one for one in plan.units if self.unit and one.scope == self.unit.scope), None)
        planned = self._planned(unit, plan) if unit else None
        if planned is None:
            return ""
        whole = self.pick(render_unit(planned).objects)
        labels = (declared.instance.label() for declared in planned.unit.instances)
        return next((one for one in labels if whole and self.pick(render_instance(planned, one)) == whole), "")

    def _rendered(self, unit: ResolvedUnit, plan: EnvironmentPlan) -> Sequence[Object]:
        """Return the objects of one unit of an environment, or only those of the instance that has the object."""
        planned = self._planned(unit, plan)
        if self._owner and (own := render_instance(planned, self._owner)):
            return without_cdk8s(unit.settings, own, unit.namespace)
        return without_cdk8s(unit.settings, render_unit(planned).objects, unit.namespace)

    def _planned(self, unit: ResolvedUnit, plan: EnvironmentPlan) -> UnitPlan:
        """Return the plan of one unit of an environment."""
        this_unit = declare(unit, objects_of, self._known.declared)
        resolved = {other.scope: other for other in (*plan.units, unit)}
        others = [self._declared_of(other) for other in plan.units if other.scope != unit.scope]
        return plan_units(
            [this_unit, *(other for other, _ in others)],
            lambda declared, mesh: self._completed_of(resolved[declared.scope], declared, mesh),
            [unit_facts(this_unit), *(facts for _, facts in others)],
            plan.ingress,
        )[0]

    def _domain(self, sources: Sources) -> str:
        """Return the domain that an object of the delivery tool is for."""
        names = {delivery_name(self.settings, scope_name(name)): name for name in sources.domains}
        return names.get(self.identity.name, PLATFORM)

    def _declared_of(self, unit: ResolvedUnit) -> tuple[DeclaredUnit, UnitFacts]:
        """Return the facts of a unit, cached, as most variations leave most units unchanged."""
        known = self._declared.get(unit.scope)
        if known is not None and known[0] == unit:
            return known[1]
        declared = declare(unit, objects_of, self._known.declared)
        facts = (declared, unit_facts(declared))
        self._declared.setdefault(unit.scope, (unit, facts))
        return facts

    def _completed_of(self, unit: ResolvedUnit, declared: DeclaredUnit, mesh: MeshFacts) -> DeclaredUnit:
        """Return a unit with what its components add to it, cached in the same way."""
        known = self._completed.get(unit.scope)
        if known is not None and known[0] is declared and known[1] == mesh:
            return known[2]
        whole = completed(unit, declared, mesh, self._known.added)
        self._completed.setdefault(unit.scope, (declared, mesh, whole))
        return whole

    def components(self) -> Iterator[tuple[Component[Any], str, dict[str, Any]]]:
        """Yield each component that may concern the object, with its scope and its settings."""
        for unit in self._plan(self.sources).units:
            for component, context in unit.contexts:
                yield component, unit.scope, context.config.model_dump()

    def render(self, sources: Sources, old: str = "", new: str = "") -> Object | None:
        """Return the object as rendered from changed documents; None if it would not exist.

        Its name may have `new` in place of `old`, as names depend on the inputs.
        """
        objects = self._objects(self._plan(sources))
        return self.pick(objects) or self.pick(objects, self.identity.name.replace(old, new))

    def _objects(self, plan: EnvironmentPlan) -> Sequence[Object]:
        if self.unit is None:
            return without_cdk8s(plan.settings, delivery_objects(plan.delivery_plan(encrypted=self.decrypts)))
        unit = next((unit for unit in plan.units if unit.scope == self.unit.scope), None)
        return self._rendered(unit, plan) if unit else ()

    def pick(self, objects: Iterable[Object], name: str = "") -> Object | None:
        """Return the object from these objects, even with another name; a Job keeps its name except for the hash."""
        wanted = self._key(self.identity._replace(name=name or self.identity.name))
        return next((object_ for object_ in objects if self._key(identify(object_)) == wanted), None)

    @staticmethod
    def _key(identity: ObjectId) -> tuple[str, str, str]:
        name = without_hash(identity.name) if identity.kind == "Job" else identity.name
        return identity.group, identity.kind, name


def without_limits(sources: Sources) -> Sources:
    """Return documents that may override and set everything, as what is locked or limited is varied, too."""
    *parents, manifest = (
        replace(one, data={key: value for key, value in one.data.items() if key != "locks"})
        for one in sources.manifests
    )
    return replace(sources, manifest=manifest, parents=tuple(parents), unlimited=True)


def reduced(sources: Sources, scope: str) -> Sources:
    """Return the fewest documents that still render the namespace of `scope` in the same way."""
    needed = sorted(sources.domains)[:SAMPLE] if scope in SHARED else [scope]
    kept = sorted(_with_read_domains(sources, needed))
    environments = {name: _for_domains(document, kept, "domains") for name, document in sources.environments.items()}
    images = {name: _for_domains(document, kept, "images") for name, document in sources.images.items()}
    return replace(
        sources, environments=environments, images=images, domains={name: sources.domains[name] for name in kept}
    )


def _with_read_domains(sources: Sources, domains: Iterable[str]) -> set[str]:
    """Return domains and those whose products they read, transitively."""
    kept: set[str] = set()
    waiting = [*domains]
    while waiting:
        name = waiting.pop()
        if name in sources.domains and name not in kept:
            kept.add(name)
            documents = sources.domains[name].products.values()
            inputs = [entry for document in documents for entry in document.data.get("inputs") or ()]
            waiting += [str(entry["domain"]) for entry in inputs if "domain" in entry]
    return kept


def _for_domains(document: Document, kept: Sequence[str], key: str) -> Document:
    """Return a document of an environment without what it says, below a key, of other domains."""
    overrides = document.data.get(key)
    if not overrides:
        return document
    fewer = {name: override for name, override in overrides.items() if name in kept}
    return replace(document, data={**document.data, key: fewer})
