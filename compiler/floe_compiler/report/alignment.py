"""Reduces two versions of an object to what differs, and matches list items as Kubernetes does.

Comparing only the rest makes the semantic difference of thousands of objects fast enough: deepdiff takes 0.4 ms for the
rest of a Deployment, and 4 ms for whole Deployments.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

# Lists whose items have a key: the merge keys of the Kubernetes API (`x-kubernetes-list-map-keys` and
# `x-kubernetes-patch-merge-key` in its OpenAPI document). The first key that is unique in all items is used.
MERGE_KEYS: Mapping[str, tuple[str, ...]] = {
    "containers": ("name",),
    "env": ("name",),
    "ephemeralContainers": ("name",),
    "hostAliases": ("ip",),
    "imagePullSecrets": ("name",),
    "initContainers": ("name",),
    "ports": ("name", "containerPort", "port"),
    "topologySpreadConstraints": ("topologyKey",),
    "versions": ("name",),
    "volumeDevices": ("devicePath",),
    "volumeMounts": ("mountPath",),
    "volumes": ("name",),
}
SETS = frozenset(
    [
        "clusterResourceWhitelist",
        "destinations",
        "egress",
        "from",
        "ingress",
        "namespaceResourceBlacklist",
        "rules",
        "sources",
        "subjects",
        "to",
    ]
)
"""Lists of items without names, in any order: an added item must not look like a change of all others."""

ORDER = "[order]"
"""Represents the order of the matched items, if only the order has changed."""


def align(before: Any, after: Any, key: str = "") -> tuple[Any, Any]:
    """Return the parts of two values that differ; lists with merge keys become mappings from `[key]` to item.

    Args:
        before: plain data.
        after: other plain data.
        key: the field that holds them.
    """
    if isinstance(before, dict) and isinstance(after, dict):
        return _align_mappings(before, after)
    if isinstance(before, list) and isinstance(after, list) and key in MERGE_KEYS:
        old, new = by_merge_key(before, MERGE_KEYS[key]), by_merge_key(after, MERGE_KEYS[key])
        if old is not None and new is not None:
            return _align_items(old, new)
    if isinstance(before, list) and isinstance(after, list) and key in SETS:
        return _align_sets(before, after)
    return before, after


def _align_sets(before: list[Any], after: list[Any]) -> tuple[Any, Any]:
    """Return the items that only one of the lists has; if each list has one such item, the difference of the two."""
    shared = {_text(item) for item in before} & {_text(item) for item in after}
    gone = [item for item in before if _text(item) not in shared]
    new = [item for item in after if _text(item) not in shared]
    if not gone and not new:  # only the order, or the number of equal items
        first = [_text(item) for item in before]
        orders = [" ".join(str(first.index(_text(item))) for item in items) for items in (before, after)]
        return {ORDER: orders[0]}, {ORDER: orders[1]}
    if len(gone) == len(new) == 1:
        return _align_mappings({"[changed]": gone[0]}, {"[changed]": new[0]})
    return (
        {f"[gone {number}]": item for number, item in enumerate(gone, 1)},
        {f"[new {number}]": item for number, item in enumerate(new, 1)},
    )


def _align_mappings(before: dict[str, Any], after: dict[str, Any]) -> tuple[Any, Any]:
    left, right = {}, {}
    for key in sorted({*before, *after}):
        if key not in after:
            left[key] = before[key]
        elif key not in before:
            right[key] = after[key]
        elif not same(before[key], after[key]):
            left[key], right[key] = align(before[key], after[key], key)
    return left, right


def _align_items(old: dict[str, Any], new: dict[str, Any]) -> tuple[Any, Any]:
    left, right = _align_mappings(old, new)
    orders = [key for key in old if key in new], [key for key in new if key in old]
    if orders[0] != orders[1]:
        left[ORDER], right[ORDER] = (" ".join(order) for order in orders)
    return left, right


def same(before: Any, after: Any) -> bool:
    """Return whether two values mean the same in YAML: unlike in Python, 1 is not equal to True or 1.0."""
    if before is after or before != after:
        return before is after
    return isinstance(before, str) or _text(before) == _text(after)


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)


def by_merge_key(items: list[Any], keys: tuple[str, ...]) -> dict[str, Any] | None:
    """Return the items by the first key that is present and unique in all of them; None if there is no such key."""
    for key in keys:
        if all(isinstance(item, dict) and key in item for item in items):
            named = {f"[{item[key]}]": item for item in items}
            if len(named) == len(items):
                return named
    return None
