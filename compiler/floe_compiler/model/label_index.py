"""An index that evaluates label selectors by set operations. Sets of items are the bits of an integer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from floe_compiler.model.bit_sets import to_bits, union
from floe_compiler.model.nested_fields import items, mapping, mappings
from floe_compiler.model.selectors import Labels, Selector

NAMESPACE_NAME = "kubernetes.io/metadata.name"
"""The label with the namespace's name that Kubernetes sets on each namespace."""


class LabelSelector(msgspec.Struct, frozen=True, array_like=True, gc=False, order=True):
    """A LabelSelector as comparable data: pairs of labels, and (key, operator, values)."""

    labels: tuple[tuple[str, str], ...] = ()
    expressions: tuple[tuple[str, str, tuple[str, ...]], ...] = ()

    @classmethod
    def of(cls, selector: Selector) -> LabelSelector:
        """Return the requirements of a LabelSelector."""
        return cls(
            tuple(sorted((str(key), str(value)) for key, value in mapping(selector, ("matchLabels",)).items())),
            tuple(_expression(expression) for expression in mappings(selector, ("matchExpressions",))),
        )

    def keys(self) -> tuple[str, ...]:
        """Return the keys of the labels that it requires."""
        return (*(key for key, _ in self.labels), *(key for key, _, _ in self.expressions))


EVERYTHING = LabelSelector()
"""The selector that selects everything."""


class LabelIndex:
    """Labelled items, indexed by label: `having` has for each label and value the items (as bits) that have it.

    `everything` is the set of all items (as bits).
    """

    def __init__(self, having: Mapping[str, Mapping[str, int]], everything: int) -> None:
        self._having = having
        self._everything = everything

    @classmethod
    def of(cls, labels: Iterable[Labels]) -> LabelIndex:
        """Return the index of items with these labels, each under its position."""
        labelled = list(labels)
        return cls(label_bits(labelled), to_bits(range(len(labelled))))

    def select(self, selector: LabelSelector) -> int:
        """Return the items (as bits) that a selector selects."""
        selected = self._everything
        for key, value in selector.labels:
            selected &= self._having.get(key, {}).get(value, 0)
        for key, operator, values in selector.expressions:
            selected &= self._satisfying(self._having.get(key, {}), operator, values)
        return selected

    def _satisfying(self, by_value: Mapping[str, int], operator: str, values: tuple[str, ...]) -> int:
        match operator:
            case "In":
                return union(by_value.get(value, 0) for value in values)
            case "NotIn":
                return self._everything & ~union(by_value.get(value, 0) for value in values)
            case "Exists":
                return union(by_value.values())
            case "DoesNotExist":
                return self._everything & ~union(by_value.values())
            case _:
                return 0


def label_bits(labels: Iterable[Labels]) -> dict[str, dict[str, int]]:
    """Return for each label and value the positions (as bits) of the items that have it."""
    having: dict[str, dict[str, int]] = {}
    for position, item in enumerate(labels):
        bit = 1 << position
        for key, value in item.items():
            by_value = having.setdefault(key, {})
            by_value[value] = by_value.get(value, 0) | bit
    return having


def _expression(expression: Mapping[str, Any]) -> tuple[str, str, tuple[str, ...]]:
    values = tuple(str(value) for value in items(expression, ("values",)))
    return str(expression.get("key")), str(expression.get("operator")), values
