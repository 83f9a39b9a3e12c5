"""What moves from one cluster of an environment to another: its objects are made anew there, and its data stays."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from floe_compiler.model.sites import environment_of
from floe_compiler.report.dangers import Danger
from floe_compiler.report.diff import Action, EnvironmentDiff, ObjectChange

WITH_DATA = frozenset({("apps", "StatefulSet"), ("", "PersistentVolumeClaim"), ("postgresql.cnpg.io", "Cluster")})
"""The kinds of objects that have data, by group and kind."""


def with_moves(diffs: Iterable[EnvironmentDiff]) -> tuple[EnvironmentDiff, ...]:
    """Return the differences; what leaves a cluster with its namespace for another one has the danger `data-moved`."""
    every = tuple(diffs)
    return tuple(
        replace(diff, changes=tuple(_marked(change, diff, every) for change in diff.changes)) for diff in every
    )


def _marked(change: ObjectChange, diff: EnvironmentDiff, every: Iterable[EnvironmentDiff]) -> ObjectChange:
    identity = change.identity
    if change.action != "deleted" or (identity.group, identity.kind) not in WITH_DATA:
        return change
    if identity.namespace not in _namespaces(diff, "deleted"):
        return change
    to = [one for one in every if _is_beside(one, diff) and identity.namespace in _namespaces(one, "added")]
    if not to:
        return change
    here, there = (one.environment.partition("/")[2] for one in (diff, to[0]))
    said = f"its data stays in cluster {here}, and the new one in {there} begins without: move it (docs/clusters.md)"
    return replace(change, dangers=tuple(sorted({*change.dangers, Danger("data-moved", said)})))


def _is_beside(one: EnvironmentDiff, other: EnvironmentDiff) -> bool:
    """Return whether two differences are of different clusters of one environment."""
    names = (one.environment, other.environment)
    return one is not other and all("/" in name for name in names) and len(set(map(environment_of, names))) == 1


def _namespaces(diff: EnvironmentDiff, action: Action) -> frozenset[str]:
    """Return the namespaces that are deleted or added."""
    return frozenset(
        one.identity.name for one in diff.changes if one.action == action and one.identity.kind == "Namespace"
    )
