"""An environment made by hand, split into the units that the compiler treats apart, joined again, and checked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TypeVar

from floe_compiler.check import check_unit
from floe_compiler.link import Facts, link, placed
from floe_compiler.model.diagnostics import Diagnostic, Findings
from floe_compiler.model.objects import Object, ObjectId, ObjectSet
from floe_compiler.model.places import Places
from floe_compiler.model.rendered import DELIVERY_UNIT, Rendered
from floe_compiler.model.span import Span
from floe_compiler.overlay import unit_of

Item = TypeVar("Item")


def split(rendered: Rendered, further: Iterable[str] = ()) -> dict[str, Rendered]:
    """Return the units of an environment by name, in order.

    These are "", what delivers it, all that have objects or facts, and `further` ones.
    """

    def unit_of_object(identity: ObjectId) -> str:
        return DELIVERY_UNIT if identity in rendered.delivery else unit_of(identity)

    objects = _grouped(rendered.objects.by_id, unit_of_object)
    removed = _grouped(rendered.removed, unit_of_object)
    connections = _grouped(rendered.connections, lambda one: one.source.namespace)
    launched = _grouped(rendered.launched, lambda one: one.group.namespace)
    exceptions = _grouped(rendered.exceptions, lambda one: one.group.namespace)
    ingress_groups = _grouped(rendered.ingress_groups, lambda one: one[0].namespace)
    existing_secrets = _grouped(rendered.existing_secrets, lambda one: one.namespace)
    return {
        name: replace(
            rendered,
            namespace=name,
            objects=ObjectSet({identity: rendered.objects.by_id[identity] for identity in objects.get(name, ())}),
            connections=frozenset(connections.get(name, ())),
            launched=frozenset(launched.get(name, ())),
            exceptions=frozenset(exceptions.get(name, ())),
            ingress_groups=frozenset(ingress_groups.get(name, ())),
            existing_secrets=frozenset(existing_secrets.get(name, ())),
            removed={identity: rendered.removed[identity] for identity in removed.get(name, ())},
        )
        for name in sorted({*objects, *connections, *launched, *exceptions, *further, "", DELIVERY_UNIT})
    }


def join(rendered: Rendered, units: Iterable[Rendered]) -> Rendered:
    """Return the environment that was split, with the objects of its units and what became of them."""
    names = set(map(str, rendered.objects.by_id))
    objects: dict[ObjectId, Object] = {}
    origins = {name: origin for name, origin in rendered.origins.items() if name not in names}
    patched: dict[str, tuple[Span, ...]] = {}
    removed: dict[ObjectId, tuple[Span, ...]] = {}
    for unit in units:
        objects |= unit.objects.by_id
        origins |= {name: unit.origins[name] for name in map(str, unit.objects.by_id) if name in unit.origins}
        patched |= unit.patched
        removed |= unit.removed
    return replace(
        rendered, objects=ObjectSet(dict(sorted(objects.items()))), origins=origins, patched=patched, removed=removed
    )


def run_checks(rendered: Rendered) -> tuple[Diagnostic, ...]:
    """Return the warnings about an environment, from the checks of its units and from the link.

    Raises StageFailed with all findings if there are errors.
    """
    units = split(rendered)
    definitions = tuple(rendered.objects.of_kind("CustomResourceDefinition"))
    checked = {name: check_unit(unit, definitions) for name, unit in units.items()}
    findings = Findings()
    for one in checked.values():
        findings.extend(one.findings)
    linked = link(facts_of(rendered), tuple(one.summary for one in checked.values()))
    findings.extend(placed(linked, lambda name: places_in(units, name)))
    return findings.finish()


def places_in(units: Mapping[str, Rendered], name: str) -> Places:
    """Return the places of a unit, of which there may be no object."""
    environment = next(iter(units.values())).environment
    return Places.of(units[name]) if name in units else Places(environment)


def facts_of(rendered: Rendered) -> Facts:
    """Return what the link has to know of an environment."""
    return Facts(
        rendered.environment,
        rendered.cluster,
        rendered.cluster_name,
        rendered.cluster_domain,
        rendered.ingress_namespace,
    )


def _grouped(items: Iterable[Item], name_of: Callable[[Item], str]) -> dict[str, list[Item]]:
    found: dict[str, list[Item]] = {}
    for item in items:
        found.setdefault(name_of(item), []).append(item)
    return found
