"""What components add once the facts of all namespaces are known: a scrape configuration, routes, backup jobs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol, TypeVar

from msgspec.structs import replace

from floe_compiler.model.component_faults import blaming
from floe_compiler.model.facts import Parts
from floe_compiler.model.mesh_facts import MeshFacts
from floe_compiler.model.plan import Component, Context, DeclaredInstance, DeclaredUnit, ResolvedUnit
from floe_compiler.model.secret_roles import check_secret_roles


class _Named(Protocol):
    @property
    def name(self) -> str: ...


Fact = TypeVar("Fact", bound=_Named)


Complete = Callable[[Component[Any], Context[Any], MeshFacts], Parts]
"""Returns what one component adds, as `added_by` does."""


def added_by(component: Component[Any], context: Context[Any], mesh: MeshFacts) -> Parts:
    """Return what one component adds; no parts if it adds nothing for the facts of others."""
    return component.completes(context, mesh) if component.completes else Parts()


def completed(
    resolved: ResolvedUnit, declared: DeclaredUnit, mesh: MeshFacts, complete: Complete = added_by
) -> DeclaredUnit:
    """Return a namespace with what its components add. `declared` are the facts that `resolved` has declared so far.

    `complete` may know what some of them add from earlier calls.

    Raises StageFailed as `declare` does, and ValueError if one declares interfaces, metrics, data or alerts that it
    did not declare before: `mesh` lacks them.
    """
    if not declared.incomplete:
        return declared
    instances = (
        _instance(component, context, instance, mesh, complete)
        for (component, context), instance in zip(resolved.contexts, declared.instances, strict=True)
    )
    return replace(declared, instances=tuple(instances), incomplete=False)


def _instance(
    component: Component[Any],
    context: Context[Any],
    declared: DeclaredInstance,
    mesh: MeshFacts,
    complete: Complete,
) -> DeclaredInstance:
    if component.completes is None:
        return declared
    with blaming(component, context.instance):
        return with_added(declared, complete(component, context, mesh), "completes")


def with_added(declared: DeclaredInstance, added: Parts, hook: str) -> DeclaredInstance:
    """Return an instance with the parts that a hook adds; raise ValueError if they change what others have read."""
    parts = joined(declared.parts, added)
    check_secret_roles(declared.instance.settings.platform, declared.instance.scope, parts)
    if of_others(parts) != of_others(declared.parts):
        changed = f"{declared.instance.label()} changes its interfaces, metrics, data or alerts in `{hook}`"
        raise ValueError(f"{changed}: `build` declares them")
    return replace(declared, parts=parts)


def joined(parts: Parts, added: Parts) -> Parts:
    """Return both; an added item replaces one of the same name."""
    return Parts(
        workloads=_joined(parts.workloads, added.workloads),
        tasks=_joined(parts.tasks, added.tasks),
        launched=_joined(parts.launched, added.launched),
        objects=(*parts.objects, *added.objects),
        operated=_joined(parts.operated, added.operated),
        data=tuple(dict.fromkeys((*parts.data, *added.data))),
        include=(*parts.include, *added.include),
        alerts=(*parts.alerts, *added.alerts),
        scraper=added.scraper or parts.scraper,
    )


def _joined(facts: Iterable[Fact], added: Iterable[Fact]) -> tuple[Fact, ...]:
    return tuple({fact.name: fact for fact in (*facts, *added)}.values())


def of_others(parts: Parts) -> object:
    """Return the facts that parts of other instances may depend on: interfaces, metrics and data."""
    servers = {
        workload.name: (workload.interfaces, workload.metrics)
        for workload in parts.workloads
        if workload.interfaces or workload.metrics
    }
    pods = {pods.name: pods.metrics for pods in parts.operated if pods.metrics}
    return servers, pods, parts.data, parts.alerts
