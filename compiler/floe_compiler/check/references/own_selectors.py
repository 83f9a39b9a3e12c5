"""The selectors by which objects select pods of their own namespace."""

from __future__ import annotations

from collections.abc import Iterator

from floe_compiler.check.index import Index
from floe_compiler.model.custom_resources import SELECTORS
from floe_compiler.model.nested_fields import mapping
from floe_compiler.model.objects import ObjectId
from floe_compiler.model.selectors import Selector
from floe_compiler.model.star_paths import found_at

_WORKLOADS = ("DaemonSet", "Deployment", "ReplicaSet", "StatefulSet")


def own_selectors(index: Index) -> Iterator[tuple[ObjectId, str, Selector]]:
    """Yield each object with a selector, the selector's data path, and the selector as a LabelSelector."""
    for identity, manifest in index.of("", "Service"):
        selector = manifest.get("spec", {}).get("selector")
        if selector:  # without a selector, the Service's endpoints are managed elsewhere
            yield identity, "spec.selector", {"matchLabels": selector}
    for group, kinds, field in (
        ("apps", _WORKLOADS, "selector"),
        ("networking.k8s.io", ("NetworkPolicy",), "podSelector"),
        ("policy", ("PodDisruptionBudget",), "selector"),
    ):
        for identity, manifest in index.of(group, *kinds):
            yield identity, f"spec.{field}", manifest.get("spec", {}).get(field, {})
    yield from _custom(index)


def _custom(index: Index) -> Iterator[tuple[ObjectId, str, Selector]]:
    for identity, manifest in index.of("argoproj.io", "Rollout"):
        if identity in index.workloads:  # others take the pods of a Deployment
            yield identity, "spec.selector", mapping(manifest, ("spec", "selector"))
    for kind, path in SELECTORS.items():
        for identity, manifest in index.by_kind.get(kind, ()):
            for _, selector in found_at(manifest, path):
                if isinstance(selector, dict):
                    yield identity, path, selector
