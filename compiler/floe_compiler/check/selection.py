"""Label selectors, answered without looking at everything."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Labels = Mapping[str, str]
Selector = Mapping[str, Any]
"""A LabelSelector: `matchLabels` and `matchExpressions`; without either it selects everything."""

NAMESPACE_NAME = "kubernetes.io/metadata.name"
"""The label by which Kubernetes itself marks each namespace with its name."""


def matches(selector: Selector, labels: Labels) -> bool:
    """Tell whether a LabelSelector selects something with these labels."""
    return all(labels.get(key) == value for key, value in selector.get("matchLabels", {}).items()) and all(
        _satisfies(expression, labels) for expression in selector.get("matchExpressions", ())
    )


def _satisfies(expression: Mapping[str, Any], labels: Labels) -> bool:
    value = labels.get(str(expression.get("key")))
    values = expression.get("values", ())
    match expression.get("operator"):
        case "In":
            return value in values
        case "NotIn":
            return value not in values
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
        case _:
            return False


class LabelIndex:
    """Things with labels, found by selector; each thing goes by its position in `labels`."""

    def __init__(self, labels: Sequence[Labels], positions: Iterable[int] | None = None) -> None:
        self._labels = labels
        self._all = tuple(range(len(labels)) if positions is None else positions)
        self._having: dict[tuple[str, str], list[int]] = defaultdict(list)
        for position in self._all:
            for pair in labels[position].items():
                self._having[pair].append(position)

    def select(self, selector: Selector) -> tuple[int, ...]:
        """Return the positions that a LabelSelector selects, in ascending order."""
        wanted = [self._having.get(pair, []) for pair in selector.get("matchLabels", {}).items()]
        candidates = min(wanted, key=len) if wanted else self._all
        return tuple(position for position in candidates if matches(selector, self._labels[position]))
