"""An environment in one of its clusters (a site), resolved from varied documents, as far as it is asked for."""

from __future__ import annotations

from functools import cached_property

from floe_compiler.explain.known_domains import KnownDomains
from floe_compiler.model.diagnostics import Findings, FirstError, Unread
from floe_compiler.model.plan import SHARED, EnvironmentPlan, ResolvedUnit
from floe_compiler.model.sites import environment_of
from floe_compiler.model.sources import Sources
from floe_compiler.resolve import resolve, resolve_frames
from floe_compiler.resolve.environment import connect, resolve_environment
from floe_compiler.resolve.products import domain_products
from floe_compiler.resolve.slots import Registry


class Valid:
    """A site that is resolved as a whole. Raises StageFailed when it is made if any document is wrong.

    Raises ValueError if the documents have no such site.
    """

    def __init__(self, sources: Sources, registry: Registry, site: str, known: KnownDomains | None = None) -> None:
        one = known.resolved if known else None
        plans, _ = resolve(sources, registry, (environment_of(site),), FirstError(), one)
        found = [plan for plan in plans if plan.settings.site == site]
        if not found:
            raise ValueError(f"there is no {site}")
        self.plan = found[0]
        self.beside = tuple(plan for plan in plans if plan is not self.plan)
        """The other clusters of the environment."""

    def unit(self, scope: str) -> ResolvedUnit | None:
        """Return the unit of a scope; None if there is none."""
        return next((unit for unit in self.plan.units if unit.scope == scope), None)


class Unchecked:
    """A site of which only what is asked for is resolved, whether the documents are valid or not.

    Raises ValueError if they are so wrong that there is nothing to go on with.
    """

    def __init__(self, sources: Sources, registry: Registry, site: str, known: KnownDomains) -> None:
        self._findings: Findings = Unread()
        self._sources, self._known = sources, known
        frame = resolve_frames(sources, registry, (environment_of(site),), self._findings).get(site)
        if frame is None:
            raise ValueError(f"{site} cannot be resolved")
        self._frame = frame

    @cached_property
    def plan(self) -> EnvironmentPlan:
        """Return the plan of the whole environment. Raises ValueError as above."""
        products = {
            name: domain_products(name, source, self._findings) for name, source in self._sources.domains.items()
        }
        plan = resolve_environment(self._frame, products, self._findings, self._known.resolved)
        if plan is None:
            raise ValueError("the environment cannot be resolved")
        return plan

    def unit(self, scope: str) -> ResolvedUnit | None:
        """Return the unit of a scope; None if there is none."""
        if scope in SHARED:
            found = self._frame.shared.get(scope)
        elif scope in self._sources.domains:
            valid = domain_products(scope, self._sources.domains[scope], self._findings)
            found = self._known.resolved(self._frame, scope, valid, self._findings)
        else:
            found = None
        return connect(self._frame, found, self._frame.provided, self._findings) if found else None
