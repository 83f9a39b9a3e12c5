"""Summarizes a unit for the link, from its objects and declared facts."""

from __future__ import annotations

from floe_compiler.check.index import Index
from floe_compiler.check.objects.placement import needs_namespace
from floe_compiler.check.summary.delivery import delivery
from floe_compiler.check.summary.hosts import hosts
from floe_compiler.check.summary.leads import leads, open_services
from floe_compiler.check.summary.monitors import labelled, monitors, services
from floe_compiler.check.summary.network import network
from floe_compiler.check.summary.references import bound_elsewhere, tokens, unresolved
from floe_compiler.check.summary.routes import routed_hosts
from floe_compiler.model.objects import ObjectId
from floe_compiler.model.summary import Subject, Summary


def summarize(index: Index) -> Summary:
    """Return the summary of a unit."""
    unit = index.rendered.namespace
    labels = _namespace_labels(index, unit)
    return Summary(
        unit=unit,
        objects=_objects(index),
        stray=() if labels is not None else _stray(index),
        namespace_labels=labels,
        references=unresolved(index),
        bound=bound_elsewhere(index),
        tokens=tokens(index),
        network=network(index),
        hosts=hosts(index),
        delivery=delivery(index),
        monitors=monitors(index),
        services=services(index),
        operated=labelled(index.operated),
        routes=routed_hosts(index),
        leads=leads(index),
        open_services=open_services(index),
    )


def _objects(index: Index) -> dict[str, dict[str, dict[str, tuple[str, ...]]]]:
    by_namespace: dict[str, dict[str, dict[str, list[str]]]] = {}
    for identity in index.objects:
        kinds = by_namespace.setdefault(identity.namespace, {}).setdefault(identity.group, {})
        kinds.setdefault(identity.kind, []).append(identity.name)
    return {
        namespace: {
            group: {kind: tuple(names) for kind, names in kinds.items()} for group, kinds in sorted(groups.items())
        }
        for namespace, groups in sorted(by_namespace.items())
    }


def _stray(index: Index) -> tuple[Subject, ...]:
    return tuple(Subject.of(identity) for identity in index.objects if needs_namespace(index, identity))


def _namespace_labels(index: Index, unit: str) -> dict[str, str] | None:
    manifest = index.objects.get(ObjectId("", "Namespace", "", unit))
    return None if manifest is None else dict(sorted(manifest.get("metadata", {}).get("labels", {}).items()))
