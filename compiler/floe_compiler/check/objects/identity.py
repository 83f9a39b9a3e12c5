"""Objects with different identities that a cluster treats as the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from floe_compiler.check.index import Index
from floe_compiler.model.diagnostics import Diagnostic, Rule
from floe_compiler.model.objects import ObjectId

TWICE = Rule(
    "C010",
    "duplicate object",
    "For the cluster, two objects are the same, as their kind moved from one API group to another. They would keep "
    "overwriting each other. Keep one of them.",
)
RULES = (TWICE,)

# Kinds that Kubernetes served in these groups and now serves in another.
_OLD_GROUPS = frozenset({"extensions"})


def check(index: Index) -> Iterator[Diagnostic]:
    """Yield objects of an old API group that also exist in the new group."""
    groups: dict[tuple[str, str, str], list[ObjectId]] = defaultdict(list)
    for identity in index.objects:
        groups[identity.kind, identity.namespace, identity.name].append(identity)
    for identities in groups.values():
        old = [identity for identity in identities if identity.group in _OLD_GROUPS]
        new = [identity for identity in identities if identity.group not in _OLD_GROUPS]
        if old and new:
            yield index.finding(TWICE, old[0], f"is the same object as {new[0]}", "remove one of them")
