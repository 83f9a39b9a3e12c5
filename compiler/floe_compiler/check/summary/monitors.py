"""The monitors of Prometheus in a unit, and what they may select beside the rendered pods."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from floe_compiler.check.index import Index
from floe_compiler.model.bit_sets import encodable
from floe_compiler.model.custom_resources import MONITORS
from floe_compiler.model.foreign_labels import may_select_more
from floe_compiler.model.label_index import EVERYTHING, LabelSelector, label_bits
from floe_compiler.model.nested_fields import items, mapping
from floe_compiler.model.objects import Object, ObjectId
from floe_compiler.model.selectors import Labels
from floe_compiler.model.summary import Labelled, Monitor, Subject


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
    is_rendered = selector != EVERYTHING and not may_select_more(selector.keys())
    if is_rendered and namespaces.get("any") is not True:
        names = tuple(map(str, items(namespaces, ("matchNames",)))) or (identity.namespace,)
        yield Monitor(Subject.of(identity), selected, selector, names)


def services(index: Index) -> Labelled:
    """Return the labels of the unit's Services."""
    return labelled([mapping(manifest, ("metadata", "labels")) for _, manifest in index.of("", "Service")])


def labelled(labels: Sequence[Labels]) -> Labelled:
    """Return an index of pods or Services by their labels, each under its position."""
    return Labelled({key: encodable(sets) for key, sets in label_bits(labels).items()}, len(labels))
