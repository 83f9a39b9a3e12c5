"""What moves from one cluster of an environment to another: its objects are made anew there, and its data stays."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from floe_compiler.model.objects import ObjectId
from floe_compiler.model.sites import environment_of
from floe_compiler.report.dangers import Danger
from floe_compiler.report.diff import EnvironmentDiff, ObjectChange

WITH_DATA = frozenset({("apps", "StatefulSet"), ("", "PersistentVolumeClaim"), ("postgresql.cnpg.io", "Cluster")})
"""The kinds of objects that have data, by group and kind."""


def with_moves(diffs: Iterable[EnvironmentDiff]) -> tuple[EnvironmentDiff, ...]:
    """Return the differences; what has data and leaves a cluster for another one has the danger `data-moved`."""
    all_diffs = tuple(diffs)
    added = [
        (diff.environment, change.identity)
        for diff in all_diffs
        for change in diff.changes
        if change.action == "added" and (change.identity.group, change.identity.kind) in WITH_DATA
    ]
    return tuple(
        replace(diff, changes=tuple(_marked(change, diff.environment, added) for change in diff.changes))
        for diff in all_diffs
    )


def _marked(change: ObjectChange, site: str, added: Iterable[tuple[str, ObjectId]]) -> ObjectChange:
    if change.action != "deleted":
        return change
    to = [other for other, identity in added if identity == change.identity and _is_beside(other, site)]
    if not to:
        return change
    here, there = (name.partition("/")[2] for name in (site, to[0]))
    sentence = (
        f"its data stays in cluster {here}, and the new one in {there} begins without: move it (docs/clusters.md)"
    )
    return replace(change, dangers=tuple(sorted({*change.dangers, Danger("data-moved", sentence)})))


def _is_beside(site: str, other: str) -> bool:
    """Return whether two sites are different clusters of one environment."""
    return site != other and "/" in site and "/" in other and environment_of(site) == environment_of(other)
