"""The same change in several environments, reported once."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from floe_compiler.model.job_names import without_hash
from floe_compiler.report.dangers import Danger
from floe_compiler.report.diff import ACTIONS, Action, EnvironmentDiff, ObjectChange
from floe_compiler.report.diff_text import field_texts


class FoldedChange(msgspec.Struct, frozen=True):
    """What happens to one object in one or more environments: the changes are alike as far as people are shown."""

    action: Action
    kind: str
    group: str
    namespace: str
    name: str
    dangers: tuple[Danger, ...]
    fields: tuple[str, ...]
    """Each field that differs, as text: a line, or several."""

    changes: tuple[tuple[str, ObjectChange], ...]
    """The change in each environment, by the environment's name."""

    @property
    def environments(self) -> tuple[str, ...]:
        """Return the names of the environments."""
        return tuple(name for name, _ in self.changes)


def folded(diffs: Iterable[EnvironmentDiff]) -> tuple[FoldedChange, ...]:
    """Return the changes of all environments, those that are alike joined: with dangers first, then deletions."""
    alike: dict[tuple[object, ...], list[tuple[str, ObjectChange]]] = {}
    for diff in diffs:
        for change in diff.changes:
            identity = change.identity
            name = without_hash(identity.name) if identity.kind == "Job" else identity.name
            texts = tuple(field_texts(change))
            key = (change.action, identity.kind, identity.group, identity.namespace, name, change.dangers, texts)
            alike.setdefault(key, []).append((diff.environment, change))
    return tuple(sorted((_joined(changes) for changes in alike.values()), key=_order))


def _joined(changes: list[tuple[str, ObjectChange]]) -> FoldedChange:
    _, first = changes[0]
    identity = first.identity
    return FoldedChange(
        first.action,
        identity.kind,
        identity.group,
        identity.namespace,
        identity.name,
        first.dangers,
        tuple(field_texts(first)),
        tuple(changes),
    )


def _order(change: FoldedChange) -> tuple[bool, int, str, str, str, str, tuple[str, ...]]:
    action = ACTIONS.index(change.action)
    return not change.dangers, action, change.namespace, change.kind, change.group, change.name, change.environments
