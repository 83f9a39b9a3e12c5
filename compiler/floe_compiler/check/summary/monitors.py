"""The monitors of Prometheus in a unit, and the Services that they may select."""

from __future__ import annotations

from collections.abc import Iterator

from floe_compiler.check.index import Index
from floe_compiler.model.bit_sets import encodable
from floe_compiler.model.custom_resources import MONITORS
from floe_compiler.model.foreign_labels import may_select_more
from floe_compiler.model.label_index import EVERYTHING, LabelSelector, label_bits
from floe_compiler.model.nested_fields import items, mapping
from floe_compiler.model.objects import Object, ObjectId
from floe_compiler.model.summary import Monitor, Services, Subject


def monitors(index: Index) -> tuple[Monitor, ...]:
    """Return the monitors that select by labels, in namespaces that they name or their own."""
    return tuple(
        monitor
        for kind, selected in MONITORS.items()
        for identity, manifest in index.by_kind.get(kind, ())
        for monitor in _monitor(identity, manifest, selected)
    )


def _monitor(identity: ObjectId, manifest: Object, selected: str) -> Iterator[Monitor]:
    selector = LabelSelector.of(mapping(manifest, ("spec", "selector")))
    namespaces = mapping(manifest, ("spec", "namespaceSelector"))
    # Pods of operators, and of namespaces that others create, are not rendered.
    known = selector != EVERYTHING and not may_select_more(selector.keys())
    if known and namespaces.get("any") is not True:
        names = tuple(map(str, items(namespaces, ("matchNames",)))) or (identity.namespace,)
        yield Monitor(Subject.of(identity), selected, selector, names)


def services(index: Index) -> Services:
    """Return the labels of the unit's Services."""
    labels = [mapping(manifest, ("metadata", "labels")) for _, manifest in index.of("", "Service")]
    return Services({key: encodable(sets) for key, sets in label_bits(labels).items()}, len(labels))
