"""Objects of namespaced kinds must have a namespace; cluster-scoped objects must not."""

from __future__ import annotations

from collections.abc import Iterator

from floe_compiler.check.index import Index
from floe_compiler.check.objects.placement import misplaced
from floe_compiler.model.diagnostics import Diagnostic, Rule
from floe_compiler.model.objects import ObjectId

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
UNKNOWN = Rule(
    "C008",
    "object of unknown scope",
    "An object has no metadata.namespace, and nothing says whether objects of its kind are namespaced, so it is not "
    "known where it belongs. Put the CustomResourceDefinition of the kind into `crds/`, which is read and not "
    "rendered; or set metadata.namespace, if the kind is namespaced.",
)
RULES = (MISSING, NEEDLESS, UNKNOWN)


def check(index: Index) -> Iterator[Diagnostic]:
    """Yield objects without a namespace that need one, or may need one, and cluster-scoped objects with one."""
    for identity, problem in misplaced(index):
        if problem == "no namespace" and index.kubernetes.owns(identity.group) and not _exists(index, identity):
            continue  # `api_versions` reports the kind, whose scope is not known
        if problem == "no namespace":
            yield index.finding(MISSING, identity, "metadata.namespace is missing", "add `namespace:` to its metadata")
        elif problem == "unknown scope":
            message = f"metadata.namespace is missing, and nothing says whether {identity.kind} needs one"
            hint = "put the CustomResourceDefinition of its kind into crds/; or set the namespace, if it needs one"
            yield index.finding(UNKNOWN, identity, message, hint)
        else:
            message = f"metadata.namespace is set, but {identity.kind} is cluster-scoped"
            yield index.finding(NEEDLESS, identity, message, "remove `namespace:` from its metadata")


def _exists(index: Index, identity: ObjectId) -> bool:
    """Return whether a kind of Kubernetes exists in any version of its group."""
    return any(
        kind == identity.kind and version.rpartition("/")[0] == identity.group
        for version, kind in index.kubernetes.kinds
    )
