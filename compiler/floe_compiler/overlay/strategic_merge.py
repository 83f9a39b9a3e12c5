"""What an object is after a strategic merge patch, as Kubernetes defines it.

kustomize applies the patches. This says what they ask for, so that its result can be held against it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from floe_compiler.overlay.merge_types import MergeType

DIRECTIVE = "$patch"
"""The key that says what to do with a mapping or an item."""

ACTIONS = ("delete", "merge", "replace")
"""The values of that key. Source: kyaml/yaml/merge2 and kyaml/yaml/types.go of kustomize."""


def merged(before: Any, patch: Any, type_: MergeType) -> Any:
    """Return a value after a patch of it; None if the patch removes it.

    The items of a merged list keep their order, and new ones come last.
    """
    if isinstance(patch, dict):
        return _merged_mapping(before, patch, type_)
    if isinstance(patch, list) and type_.merges:
        return _merged_list(before if isinstance(before, list) else [], patch, type_)
    return patch


def replaces_list(item: Any) -> bool:
    """Return whether an item of a list says that the others replace the list."""
    return bool(item == {DIRECTIVE: "replace"})


def _merged_mapping(before: Any, patch: dict[str, Any], type_: MergeType) -> dict[str, Any] | None:
    directive = patch.get(DIRECTIVE)
    if directive == "delete":
        return None
    result = dict(before) if isinstance(before, dict) and directive != "replace" else {}
    for key, change in patch.items():
        if key == DIRECTIVE:
            continue
        value = merged(result.get(key), change, type_.field(key))
        if value is None:
            result.pop(key, None)
        else:
            result[key] = value
    return result


def _merged_list(before: Sequence[Any], patch: Sequence[Any], type_: MergeType) -> list[Any]:
    result = [] if any(map(replaces_list, patch)) else [*before]
    for change in patch:
        if replaces_list(change):
            continue
        position = type_.find(change, result)
        value = merged(None if position is None else result[position], change, type_.item)
        if position is None:
            result += [] if value is None else [value]
        elif value is None:
            del result[position]
        else:
            result[position] = value
    return result
