"""Every object in a namespace that exists."""

from __future__ import annotations

from collections.abc import Iterator

from floe_compiler.check.hints import near
from floe_compiler.check.index import Index
from floe_compiler.check.placement import misplaced
from floe_compiler.model.diagnostics import Diagnostic, Rule

MISSING = Rule(
    "C011",
    "object without a namespace",
    "An object of a namespaced kind has no metadata.namespace: where it lands would depend on who applies it. Set it.",
)
NEEDLESS = Rule(
    "C012",
    "Namespace on a cluster-scoped object",
    "Objects of this kind stand outside namespaces; the API server refuses or ignores the namespace. Remove it.",
)
UNRENDERED = Rule(
    "C013",
    "Namespace that nobody makes",
    "An object lies in a namespace that the environment does not render, so applying it fails. "
    "Add the Namespace, or correct the name.",
)


def check(index: Index) -> Iterator[Diagnostic]:
    """Yield objects whose namespace is missing, needless or not there."""
    namespaces = {identity.name for identity, _ in index.of("", "Namespace")}
    for identity, problem in misplaced(index).items():
        match problem:
            case "no namespace":
                yield index.finding(MISSING, identity, "metadata.namespace is missing")
            case "needless namespace":
                yield index.finding(NEEDLESS, identity, f"metadata.namespace is set, but {identity.kind} has none")
            case "unknown namespace":
                message = f"there is no Namespace {identity.namespace} in this environment"
                yield index.finding(UNRENDERED, identity, message, near(identity.namespace, namespaces))
