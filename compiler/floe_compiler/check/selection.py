"""Label selectors, answered without looking at everything."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from floe_compiler.model.selectors import Labels, Selector, matches

NAMESPACE_NAME = "kubernetes.io/metadata.name"
"""The label by which Kubernetes itself marks each namespace with its name."""


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
