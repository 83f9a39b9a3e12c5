"""The fields of an object that a step may read or change. kustomize gets only these.

kustomize's time grows with its input, and most patches touch a small part of an object: a label, the number of
replicas, one field of its pods. Fields that no step touches are left out of the input at each level, and added again
afterwards. So an edit of an image or a configuration changes nothing that kustomize gets, and it need not start. If it
is not clear what a step touches, it touches everything (None).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from floe_compiler.model.nested_fields import mapping
from floe_compiler.model.objects import Object
from floe_compiler.overlay.kustomization import Step, StepField, Touched
from floe_compiler.overlay.matching import Target

_IDENTITY: Touched = frozenset({("apiVersion",), ("kind",)})
_METADATA, _LABELS = "metadata", "labels"


def touched_by_patch(patch: Any) -> Touched | None:
    """Return the paths of the fields that a strategic merge patch (a mapping) or JSON patch (a list) may touch."""
    if isinstance(patch, list):
        pointers = {str(operation[name]) for operation in patch for name in ("path", "from") if name in operation}
        return frozenset(map(_path, pointers)) if all(pointer.startswith("/") for pointer in pointers) else None
    paths = frozenset(_merged_paths(patch, ()))
    return None if () in paths else paths


def touched_by_item(field: StepField, item: Any) -> Touched | None:
    """Return the paths of the fields that an item of labels, replicas or images may touch."""
    if field == "replicas":
        return frozenset({("spec", "replicas")})
    if field == "labels" and not item.get("includeTemplates"):
        return frozenset((_METADATA, _LABELS, str(key)) for key in item["pairs"])
    return None


def labels_selected_by(steps: Iterable[Step]) -> Touched:
    """Return the paths of the labels by which steps select objects."""
    targets = (step.selection for step in steps if isinstance(step.selection, Target))
    return frozenset((_METADATA, _LABELS, requirement.key) for target in targets for requirement in target.labels)


def touched_part(manifest: Object, steps: Iterable[Step], labels: Touched = frozenset()) -> Object:
    """Return the part of an object that kustomize needs for these steps, and to select by `labels`.

    It selects by all of an object's identity and metadata, except for other labels.
    """
    paths = set(_IDENTITY | labels)
    metadata = mapping(manifest, (_METADATA,))
    paths |= {(_METADATA, key) for key, value in metadata.items() if key != _LABELS or not isinstance(value, dict)}
    for step in steps:
        if step.touches is None:
            return manifest
        paths |= step.touches
    return _part(manifest, paths)


def with_untouched(manifest: Object, part: Object, result: Object) -> Object:
    """Return kustomize's result for a part of an object, with what kustomize did not get.

    A mapping of which something was left out may be gone from the result, as kustomize removes empty ones.
    """
    merged = {key: value for key, value in manifest.items() if key not in part} | result
    for key, child in part.items():
        if child is not manifest[key] and isinstance(result.get(key, {}), dict):
            fields = with_untouched(manifest[key], child, result.get(key, {}))
            merged |= {key: fields} if fields or key in result else {}
    return merged


def _merged_paths(change: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Yield the paths of the values of a merge patch; a mapping with a directive is about all of it."""
    if not isinstance(change, dict) or not change or any(str(key).startswith("$") for key in change):
        yield path
        return
    for key, below in change.items():
        yield from _merged_paths(below, (*path, str(key)))


def _part(value: dict[str, Any], paths: Iterable[tuple[str, ...]]) -> dict[str, Any]:
    """Return what is at these paths, or on the way to them, of a mapping. A list is one value."""
    below: dict[str, list[tuple[str, ...]]] = defaultdict(list)
    for first, *rest in paths:
        below[first].append(tuple(rest))
    return {
        key: _part(child, below[key]) if isinstance(child, dict) and () not in below[key] else child
        for key, child in value.items()
        if key in below
    }


def _path(pointer: str) -> tuple[str, ...]:
    return tuple(segment.replace("~1", "/").replace("~0", "~") for segment in pointer.split("/")[1:])
