"""Objects of namespaced kinds must have a namespace; cluster-scoped objects must not."""

from __future__ import annotations

from collections.abc import Iterator

from floe_compiler.check.index import Index
from floe_compiler.check.objects.placement import misplaced
from floe_compiler.model.diagnostics import Diagnostic, Rule

MISSING = Rule(
    "C011",
    "object without a namespace",
    "An object of a namespaced kind has no metadata.namespace, so its namespace would depend on how it is applied. "
    "Set it.",
)
NEEDLESS = Rule(
    "C012",
    "Namespace on a cluster-scoped object",
    "Objects of this kind are cluster-scoped; the API server refuses or ignores the namespace. Remove it.",
)
RULES = (MISSING, NEEDLESS)


def check(index: Index) -> Iterator[Diagnostic]:
    """Yield namespaced objects without a namespace, and cluster-scoped objects with a namespace."""
    for identity, problem in misplaced(index):
        if problem == "no namespace":
            yield index.finding(MISSING, identity, "metadata.namespace is missing", "add `namespace:` to its metadata")
        else:
            yield index.finding(NEEDLESS, identity, f"metadata.namespace is set, but {identity.kind} is cluster-scoped")
