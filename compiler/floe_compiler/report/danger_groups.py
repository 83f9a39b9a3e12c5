"""Groups equal dangers of several objects, so that each is reported once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping

from floe_compiler.report.dangers import Danger
from floe_compiler.report.diff import EnvironmentDiff, ObjectChange
from floe_compiler.report.outcome import count

MOST = 3
"""The number of objects that are named."""

_LOST = frozenset({"data-loss", "data-moved", "storage-shrink", "immutable"})


def can_be_undone(danger: Danger) -> bool:
    """Return whether to revert the commit takes it back. What cannot be undone, as it is about data, is told first."""
    return danger.word not in _LOST


def dangers_with_objects(diffs: Iterable[EnvironmentDiff]) -> Mapping[Danger, list[tuple[str, ObjectChange]]]:
    """Return each danger with its environments and objects, in order: those to data before others."""
    threatened: dict[Danger, list[tuple[str, ObjectChange]]] = defaultdict(list)
    for diff in diffs:
        for change in diff.changes:
            for danger in change.dangers:
                threatened[danger].append((diff.environment, change))
    return dict(sorted(threatened.items(), key=lambda item: can_be_undone(item[0])))


def describe(
    danger: Danger, threatened: list[tuple[str, ObjectChange]], place: Callable[[str, ObjectChange], str]
) -> str:
    """Return the danger's sentence with its object, or with the number of objects and some names."""
    names = [place(*pair) for pair in threatened[:MOST]]
    if len(threatened) == 1:
        return f"{names[0]}: {danger.sentence}"
    more = f" and {len(threatened) - MOST} more" if len(threatened) > MOST else ""
    return f"{count(len(threatened), 'object')}: {danger.sentence} ({', '.join(names)}{more})"
