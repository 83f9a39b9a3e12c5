"""What components add once the facts of all namespaces are known: a scrape configuration, routes, backup jobs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Protocol, TypeVar

from floe_compiler.model.facts import Parts
from floe_compiler.model.mesh_facts import MeshFacts
from floe_compiler.model.plan import DeclaredInstance, DeclaredUnit


class _Named(Protocol):
    @property
    def name(self) -> str: ...


Fact = TypeVar("Fact", bound=_Named)


def completed(unit: DeclaredUnit, mesh: MeshFacts) -> DeclaredUnit:
    """Return a namespace with what its components add. No function is left in it.

    Raises ValueError if one declares interfaces, metrics or data that it did not declare before: `mesh` lacks them.
    """
    return replace(unit, instances=tuple(_completed(declared, mesh) for declared in unit.instances))


def _completed(declared: DeclaredInstance, mesh: MeshFacts) -> DeclaredInstance:
    if declared.completes is None:
        return declared
    parts = joined(declared.parts, declared.completes(mesh))
    if _for_others(parts) != _for_others(declared.parts):
        raise ValueError(
            f"{declared.instance.label()} changes its interfaces, metrics or data in `completes`: `build` declares them"
        )
    return replace(declared, parts=parts, completes=None)


def joined(parts: Parts, added: Parts) -> Parts:
    """Return both; what is added takes the place of what has the same name."""
    return Parts(
        workloads=_joined(parts.workloads, added.workloads),
        tasks=_joined(parts.tasks, added.tasks),
        launched=_joined(parts.launched, added.launched),
        objects=(*parts.objects, *added.objects),
        operated=_joined(parts.operated, added.operated),
        data=tuple(dict.fromkeys((*parts.data, *added.data))),
    )


def _joined(facts: Iterable[Fact], added: Iterable[Fact]) -> tuple[Fact, ...]:
    return tuple({fact.name: fact for fact in (*facts, *added)}.values())


def _for_others(parts: Parts) -> object:
    servers = {one.name: (one.interfaces, one.metrics) for one in parts.workloads if one.interfaces or one.metrics}
    return servers, {one.name: one.metrics for one in parts.operated if one.metrics}, parts.data
