"""Renders one object of one environment from changed inputs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from floe_compiler.explain.attempts import Unchecked, Valid
from floe_compiler.explain.declarations import Declarations, facts_of, same_items
from floe_compiler.explain.first_resolution import FirstResolution
from floe_compiler.explain.reduction import read_by_others, reduced, without_limits
from floe_compiler.explain.remembered import Remembered
from floe_compiler.explain.soundness import Soundness
from floe_compiler.explain.variations import closed_words
from floe_compiler.model.diagnostics import StageFailed
from floe_compiler.model.job_names import without_hash
from floe_compiler.model.objects import Object, ObjectId, identify
from floe_compiler.model.plan import (
    PLATFORM,
    Component,
    Context,
    DeclaredInstance,
    DeclaredUnit,
    DeliveryPlan,
    ResolvedUnit,
    UnitPlan,
    scope_name,
)
from floe_compiler.model.sites import environment_of
from floe_compiler.model.sources import Sources
from floe_compiler.resolve.schemas import plain_schemas
from floe_compiler.resolve.slots import Registry
from floe_compiler.synthesize.addresses import asks_for_addresses
from floe_compiler.synthesize.charts import without_cdk8s
from floe_compiler.synthesize.delivery import delivery_objects
from floe_compiler.synthesize.delivery.folders import delivery_name
from floe_compiler.synthesize.unit import part_with, render_part, render_unit
from floe_compiler.synthesize.unit_parts import CONFIGURATION, NAMESPACE, own_part, part_of

Schemas = Mapping[str, Mapping[str, Any]]


class Question:
    """One object of one environment, which can be rendered from changed documents.

    Either it follows from what its part of the namespace declares, which is then rendered alone, or also from other
    parts and namespaces.
    """

    def __init__(
        self,
        sources: Sources,
        registry: Registry,
        site: str,
        identity: ObjectId,
        schemas: Schemas | None = None,
        *,
        decrypts: bool = False,
        valid: Valid | None = None,
    ) -> None:
        """Find the object, which is of an environment in one of its clusters (`site`).

        `schemas` are those of the documents, by kind (default: they are made). `decrypts` says that an object of the
        delivery tool decrypts Secrets. `valid` is the site as the documents have it (default: it is resolved).
        """
        self.decrypts = decrypts
        schemas = schemas or plain_schemas(registry)
        self.registry, self.site, self.identity = registry, site, identity
        self.environment = environment = environment_of(site)
        self.closed = closed_words(schemas)
        self._part, self._is_own = "", False
        self._names: frozenset[ObjectId] = frozenset()
        self._declarations = Declarations()
        self._render_part, self._own_part = Remembered(render_part), Remembered(own_part)
        valid = valid or Valid(sources, registry, site)
        self._beside = facts_of(valid.beside)
        self.settings = valid.plan.settings
        self.unit, self.generated = self._find(valid)
        self.scope = self.unit.scope if self.unit else self._domain(sources)
        self.sources = without_limits(reduced(sources, environment, self.scope))
        self.needed = read_by_others(sources, environment, self.sources.domains)
        """The products that cannot be disabled, as domains that are left out here read them."""
        self.soundness = Soundness(self.sources, schemas)
        # What is kept from now on is that of the reduced documents, which variations leave mostly unchanged.
        self._declarations, self._first = Declarations(), FirstResolution()
        sampled = self._valid(self.sources)
        self._sampled, self._elsewhere = sampled.plan, tuple(sampled.beside)
        self._locate(sampled)
        self._declared: tuple[DeclaredInstance, ...] = ()
        self._planned: UnitPlan | None = None
        self._delivery: DeliveryPlan | None = None
        self._fit: tuple[Sources, Valid | None] = (self.sources, None)
        self.baseline: Object | None = None
        self.baseline = self._object(sampled)
        self._first.end()

    def _valid(self, sources: Sources) -> Valid:
        return Valid(sources, self.registry, self.site, self._first)

    def _find(self, valid: Valid) -> tuple[ResolvedUnit | None, Object | None]:
        """Return the unit that renders the object, and the object; no unit for an object of the delivery tool."""
        names = {self.identity.namespace, self.identity.name}  # a Namespace belongs to its own unit
        near = [unit for unit in valid.plan.units if unit.namespace in names]
        delivered = self.pick(self._delivered(valid.delivery_plan(encrypted=self.decrypts)))
        for unit in near if near or delivered is not None else valid.plan.units:
            planned = self._declarations.planned(unit, valid.plan, self._beside)
            if (rendered := self.pick(self._rendered(planned))) is not None:
                return unit, rendered
        return None, delivered

    def _locate(self, sampled: Valid) -> None:
        """Find the part of the namespace that renders the object, and whether by what it declares alone."""
        unit = sampled.unit(self.unit.scope) if self.unit else None
        if unit is None:
            return
        planned = self._declarations.planned(unit, sampled.plan, self._beside)
        objects = render_unit(planned).objects
        self._names = frozenset(identify(object_, unit.namespace) for object_ in objects)
        picked = self.pick(objects)
        self._part = part_with(planned, picked) if picked is not None else ""
        own = self._own_unit(unit) if self._part else None
        self._is_own = own is not None and picked in self._own_part(own, self._part)

    def _own_unit(self, unit: ResolvedUnit) -> DeclaredUnit | None:
        """Return the unit with what the object's part declares; None if it follows from other namespaces, too."""
        if self._part == NAMESPACE:
            return self._with(unit, ())
        chosen = [pair for pair in unit.contexts if self._part in (CONFIGURATION, part_of(pair[1].instance))]
        if not chosen or any(component.completes for component, _ in chosen):
            return None
        if any(component.extends for component, _ in chosen):
            names = [part_of(context.instance) for _, context in chosen]
            every = self._declarations.unit(unit).instances
            instances = tuple(declared for declared in every if part_of(declared.instance) in names)
        else:
            instances = tuple(self._declarations.instance(*pair) for pair in chosen)
        if self._part != CONFIGURATION and any(asks_for_addresses(declared.parts) for declared in instances):
            return None
        return self._with(unit, instances)

    @staticmethod
    def _with(unit: ResolvedUnit, instances: tuple[DeclaredInstance, ...]) -> DeclaredUnit:
        return DeclaredUnit(unit.settings, unit.scope, unit.namespace, unit.owner, unit.quota, instances)

    def _object(self, resolved: Valid | Unchecked, old: str = "", new: str = "") -> Object | None:
        """Return the object from a resolved environment; None if it would not exist."""
        unit = resolved.unit(self.unit.scope) if self.unit and self._is_own else None
        own = self._own_unit(unit) if unit else None
        if own is None:
            return self._of_others(resolved, old, new)
        if self.baseline is not None and own.instances and same_items(own.instances, self._declared):
            return self.baseline
        self._declared = self._declared or own.instances
        return self._picked(without_cdk8s(own.settings, self._own_part(own, self._part), own.namespace), old, new)

    def _of_others(self, resolved: Valid | Unchecked, old: str, new: str) -> Object | None:
        """Return an object that follows from several parts or namespaces, or that is of the delivery tool."""
        if self.unit is None:
            delivery = resolved.delivery_plan(encrypted=self.decrypts)
            if self.baseline is not None and delivery == self._delivery:
                return self.baseline
            self._delivery = self._delivery or delivery
            return self._picked(self._delivered(delivery), old, new)
        unit = next((unit for unit in resolved.plan.units if unit.scope == self.unit.scope), None)
        if unit is None:
            return None
        planned = self._declarations.planned(unit, resolved.plan, self._beside)
        if self.baseline is not None and planned is self._planned:
            return self.baseline
        self._planned = self._planned or planned
        return self._picked(self._rendered(planned), old, new)

    @staticmethod
    def _delivered(plan: DeliveryPlan) -> Sequence[Object]:
        """Return the objects of the delivery tool."""
        return without_cdk8s(plan.settings, delivery_objects(plan))

    def _rendered(self, planned: UnitPlan) -> Sequence[Object]:
        """Return the objects of one unit, or only those of the part that has the object."""
        own = self._render_part(planned, self._part) if self._part else ()
        return without_cdk8s(planned.unit.settings, own or render_unit(planned).objects, planned.unit.namespace)

    def _domain(self, sources: Sources) -> str:
        """Return the domain that an object of the delivery tool is for."""
        names = {delivery_name(self.settings, scope_name(name)): name for name in sources.domains}
        return names.get(self.identity.name, PLATFORM)

    def components(self) -> Iterator[tuple[Component[Any], str, dict[str, Any]]]:
        """Yield each component that may concern the object, with its scope and its settings.

        What runs in another cluster may: domains call shared services there. What runs in several is yielded once.
        """
        instances: dict[tuple[str, str, str], tuple[Component[Any], Context[Any]]] = {}
        for unit in (unit for plan in (self._sampled, *self._elsewhere) for unit in plan.units):
            for component, context in unit.contexts:
                instances.setdefault((unit.scope, component.slot, context.instance.name), (component, context))
        for (scope, _, _), (component, context) in instances.items():
            yield component, scope, context.config.model_dump()

    def render(self, sources: Sources, old: str = "", new: str = "") -> Object | None:
        """Return the object as rendered from changed documents; None if it would not exist.

        Its name may have `new` in place of `old`, as names depend on the inputs. Raises StageFailed if a document is
        wrong, and ValueError for what cannot be rendered.
        """
        if not self.is_sound(sources):
            raise ValueError("a document has another structure than its schema")
        return self._object(self._valid(sources), old, new)

    def is_sound(self, sources: Sources) -> bool:
        """Return whether changed documents keep to their schemas."""
        return self.soundness.holds(sources)

    def is_fit(self, sources: Sources) -> bool:
        """Return whether changed documents keep to their schemas, and are valid as a whole if other parts count.

        What is left out because of a wrong document most often changes an object that follows from other parts. One of
        the delivery tool follows from little of each document.
        """
        if not self.is_sound(sources):
            return False
        if self._is_own or self.unit is None:
            return True
        try:
            self._fit = sources, self._valid(sources)
        except (StageFailed, ValueError):
            return False
        return True

    def may_change(self, sources: Sources) -> bool:
        """Return whether the object is another one with changed documents, or whether that is not known.

        Unlike `render`, it goes on with documents that are wrong, as far as the object does not follow from them.
        """
        fitting, fit = self._fit
        try:
            resolved = fit if fit and fitting is sources else Unchecked(sources, self.registry, self.site, self._first)
            return self._object(resolved) != self.baseline
        except Exception:
            return True  # a component that is given less than it requires may fail in any way

    def _picked(self, objects: Sequence[Object], old: str, new: str) -> Object | None:
        picked = self.pick(objects)
        renamed = self.identity._replace(name=self.identity.name.replace(old, new)) if old else self.identity
        return picked if picked is not None or renamed in self._names else self.pick(objects, renamed.name)

    def pick(self, objects: Iterable[Object], name: str = "") -> Object | None:
        """Return the object from these objects, even with another name; a Job keeps its name except for the hash."""
        wanted = self._key(self.identity._replace(name=name or self.identity.name))
        return next((object_ for object_ in objects if self._key(identify(object_)) == wanted), None)

    @staticmethod
    def _key(identity: ObjectId) -> tuple[str, str, str]:
        name = without_hash(identity.name) if identity.kind == "Job" else identity.name
        return identity.group, identity.kind, name
