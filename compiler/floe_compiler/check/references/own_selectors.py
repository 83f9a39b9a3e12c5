"""The selectors by which objects select pods of their own namespace."""

from __future__ import annotations

from collections.abc import Iterator

from floe_compiler.check.index import Index
from floe_compiler.model.objects import ObjectId
from floe_compiler.model.selectors import Selector

WORKLOADS = ("DaemonSet", "Deployment", "ReplicaSet", "StatefulSet")
"""The kinds of the API group apps that select pods."""


def own_selectors(index: Index) -> Iterator[tuple[ObjectId, str, Selector]]:
    """Yield each object with a selector, the selector's data path, and the selector as a LabelSelector."""
    for identity, manifest in index.of("", "Service"):
        selector = manifest.get("spec", {}).get("selector")
        if selector:  # without a selector, the Service's endpoints are managed elsewhere
            yield identity, "spec.selector", {"matchLabels": selector}
    for group, kinds, field in (
        ("apps", WORKLOADS, "selector"),
        ("networking.k8s.io", ("NetworkPolicy",), "podSelector"),
        ("policy", ("PodDisruptionBudget",), "selector"),
    ):
        for identity, manifest in index.of(group, *kinds):
            yield identity, f"spec.{field}", manifest.get("spec", {}).get(field, {})
