"""Holds the result of kustomize against what the patches ask for.

kustomize puts the items that a merge patch names in front of the others, keeps the quotes of a text that it replaces by
a number, takes a port without a protocol for another one than the same port with TCP, and writes "null" for a label or
annotation that a patch with a target deletes. All that is put back. Any other difference is reported.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from floe_compiler.model.document import DataPath
from floe_compiler.model.nested_fields import mapping
from floe_compiler.model.objects import Object
from floe_compiler.overlay.merge_types import MergeType


def restored(result: Any, wanted: Any, type_: MergeType) -> Any:
    """Return kustomize's result with the order of lists and the types of values that the patches ask for."""
    if result == wanted:
        return result
    if isinstance(result, dict) and isinstance(wanted, dict):
        return {
            key: restored(value, wanted[key], type_.field(key)) if key in wanted else value
            for key, value in result.items()
        }
    if isinstance(result, list) and isinstance(wanted, list):
        return _restored_list(result, wanted, type_)
    return wanted if type(result) is not type(wanted) and _text(result) == _text(wanted) else result


def without_deleted(result: Object, wanted: Object, patches: Iterable[Mapping[str, Any]]) -> Object:
    """Return kustomize's result without the labels and annotations that patches delete.

    With a target, kustomize writes the text "null" for each of them. Source: `CopyMergeMetaDataFieldsFrom` in its
    api/resource/resource.go, which copies them as text.

    Args:
        result: kustomize's result.
        wanted: The object after the patches.
        patches: The merge patches.
    """
    merge_patches = tuple(patches)
    remaining: dict[str, Any] = {}
    for name in ("labels", "annotations"):
        deleted = {
            key
            for patch in merge_patches
            for key, value in mapping(patch, ("metadata", name)).items()
            if value is None and key not in mapping(wanted, ("metadata", name))
        }
        values = mapping(result, ("metadata", name))
        remaining[name] = {key: value for key, value in values.items() if value != "null" or key not in deleted}
    metadata = {key: remaining.get(key, value) for key, value in result["metadata"].items()}
    return {**result, "metadata": {key: value for key, value in metadata.items() if key not in remaining or value}}


def _restored_list(result: list[Any], wanted: list[Any], type_: MergeType) -> list[Any]:
    if not type_.merges:
        if len(result) != len(wanted):
            return result
        return [restored(item, wanted_item, type_.item) for item, wanted_item in zip(result, wanted, strict=True)]
    if type_.has_default_key:
        return wanted
    positions = {type_.key(item): position for position, item in reversed([*enumerate(wanted)])}
    placed = [(positions.get(type_.key(item), len(wanted)), item) for item in result]
    placed.sort(key=lambda pair: pair[0])
    return [restored(item, wanted[at], type_.item) if at < len(wanted) else item for at, item in placed]


def difference(result: Any, wanted: Any, ignored: Collection[str] = ()) -> DataPath | None:
    """Return the first place where two values differ; None if they do not. Missing, null and {} are the same.

    Args:
        result: What is there.
        wanted: What should be there.
        ignored: The keys of mappings that may differ.
    """
    if result == wanted:
        return None
    if isinstance(result or {}, dict) and isinstance(wanted or {}, dict):
        fields, wanted_fields = result or {}, wanted or {}
        for key in sorted({*fields, *wanted_fields} - {*ignored}):
            if (path := difference(fields.get(key), wanted_fields.get(key), ignored)) is not None:
                return (key, *path)
        return None
    if isinstance(result, list) and isinstance(wanted, list) and len(result) == len(wanted):
        for position, (item, wanted_item) in enumerate(zip(result, wanted, strict=True)):
            if (path := difference(item, wanted_item, ignored)) is not None:
                return (position, *path)
        return None
    return ()


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
