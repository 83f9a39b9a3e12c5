"""An environment in one of its clusters (a site), resolved from varied documents, as far as it is asked for."""

from __future__ import annotations

from functools import cached_property, partial

from floe_compiler.model.diagnostics import Findings, FirstError, Unread
from floe_compiler.model.plan import SHARED, DeliveredNamespace, DeliveryPlan, EnvironmentPlan, ResolvedUnit
from floe_compiler.model.sites import environment_of
from floe_compiler.model.sources import Sources
from floe_compiler.resolve import resolve, resolve_frames
from floe_compiler.resolve.connecting import connect
from floe_compiler.resolve.domain import resolve_domain
from floe_compiler.resolve.environment import resolve_environment
from floe_compiler.resolve.frame import Frame, Scope
from floe_compiler.resolve.known_parts import KnownParts, data_of, own_settings
from floe_compiler.resolve.product_overrides import DOMAINS
from floe_compiler.resolve.products import known_products
from floe_compiler.resolve.scopes import PRODUCTS, platform_layers
from floe_compiler.resolve.slots import Registry, slot_path, slots, without

_DELIVERY = "delivery"


def _followed_by_delivery(sources: Sources, registry: Registry, site: str) -> object:
    """Return all data that the plan of the delivery follows from: it only knows which namespaces there are.

    Of what fills slots, only that on the nodes makes a namespace.
    """
    filled = [slot_path(slot) for slot in {*slots(registry)} - {*slots(registry, "nodes")}]
    environment = sources.environments[environment_of(site)]
    domain_overrides = environment.data.get(DOMAINS) or {}
    return (
        [without(data, filled) for data in data_of(platform_layers(sources, environment))],
        own_settings(environment),
        {name: without(data, [*filled, (PRODUCTS,)]) for name, data in domain_overrides.items()},
        {name: without(source.document.data, filled) for name, source in sources.domains.items()},
    )


class Valid:
    """A site that is resolved as a whole. Creating it raises StageFailed if any document is wrong.

    Raises ValueError if the documents have no such site.
    """

    def __init__(self, sources: Sources, registry: Registry, site: str, known_parts: KnownParts | None = None) -> None:
        known_parts = known_parts or KnownParts()
        plans, _ = resolve(sources, registry, (environment_of(site),), FirstError(), known_parts)
        named = [plan for plan in plans if plan.settings.site == site]
        if not named:
            raise ValueError(f"there is no {site}")
        self.plan = named[0]
        self.beside = tuple(plan for plan in plans if plan is not self.plan)
        """The other clusters of the environment."""
        self._known, self._followed = known_parts, partial(_followed_by_delivery, sources, registry, site)

    def delivery_plan(self, *, encrypted: bool) -> DeliveryPlan:
        """Return what the objects of the delivery tool are derived from."""
        make = partial(self.plan.delivery_plan, encrypted=encrypted)
        return self._known.get((_DELIVERY, self.plan.settings.site), self._followed, make)

    def unit(self, scope: str) -> ResolvedUnit | None:
        """Return the unit of a scope; None if there is none."""
        return next((unit for unit in self.plan.units if unit.scope == scope), None)


class Unchecked:
    """A site of which only what is asked for is resolved, whether the documents are valid or not.

    All of it raises ValueError if they are so wrong that there is nothing to go on with.
    """

    def __init__(self, sources: Sources, registry: Registry, site: str, known_parts: KnownParts) -> None:
        self._findings: Findings = Unread()
        self._sources, self._registry, self._site, self._known = sources, registry, site, known_parts

    @cached_property
    def _frame(self) -> Frame:
        only = (environment_of(self._site),)
        frame = resolve_frames(self._sources, self._registry, only, self._findings, self._known).get(self._site)
        if frame is None:
            raise ValueError(f"{self._site} cannot be resolved")
        return frame

    @cached_property
    def plan(self) -> EnvironmentPlan:
        """Return the plan of the whole environment. Raises ValueError as above."""
        products = {
            name: known_products(name, source, self._known, self._findings)
            for name, source in self._sources.domains.items()
        }
        plan = resolve_environment(self._frame, products, self._findings)
        if plan is None:
            raise ValueError("the environment cannot be resolved")
        return plan

    def delivery_plan(self, *, encrypted: bool) -> DeliveryPlan:
        """Return what the objects of the delivery tool are derived from: no components are connected for it."""
        followed = partial(_followed_by_delivery, self._sources, self._registry, self._site)
        return self._known.get((_DELIVERY, self._site), followed, partial(self._delivery_plan, encrypted=encrypted))

    def _delivery_plan(self, *, encrypted: bool) -> DeliveryPlan:
        frame = self._frame
        scopes = (*frame.shared.values(), *filter(None, map(self._domain, frame.domains)))
        namespaces = (DeliveredNamespace(scope.name, scope.namespace, scope.owner, encrypted) for scope in scopes)
        return DeliveryPlan(
            frame.settings, frame.environment.cluster, frame.delivery, tuple(namespaces), frame.version_origin
        )

    def unit(self, scope: str) -> ResolvedUnit | None:
        """Return the unit of a scope; None if there is none."""
        resolved = self._frame.shared.get(scope) if scope in SHARED else self._domain(scope)
        return connect(self._frame, resolved, self._frame.provided, self._findings) if resolved else None

    def _domain(self, name: str) -> Scope | None:
        if name not in self._sources.domains:
            return None
        valid = known_products(name, self._sources.domains[name], self._known, self._findings)
        return resolve_domain(self._frame, name, valid, self._findings)
