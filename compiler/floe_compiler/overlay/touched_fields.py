"""The fields of an object that a step may read or change. kustomize gets only these.

kustomize's time grows with its input, and most patches touch a small part of an object: a label, the number of
replicas. Fields that no step touches are left out of the input, and added again afterwards. If it is not clear what a
step touches, it touches everything (None). Labels are left out one by one: one of them has the version of the image,
which an edit changes most often.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from floe_compiler.model.objects import Object
from floe_compiler.overlay.kustomization import Step, StepField
from floe_compiler.overlay.matching import Target

ALWAYS = frozenset({"apiVersion", "kind", "metadata"})
"""The fields of every object that kustomize gets, as it selects by them."""


def touched_by_patch(patch: Any) -> frozenset[str] | None:
    """Return the top-level fields that a strategic merge patch (a mapping) or JSON patch (a list) may touch."""
    if isinstance(patch, list):
        pointers = {str(operation[name]) for operation in patch for name in ("path", "from") if name in operation}
        return (
            frozenset(map(_first_segment, pointers)) if all(pointer.startswith("/") for pointer in pointers) else None
        )
    # A directive beside apiVersion and kind is about the whole object.
    return None if any(str(key).startswith("$") for key in patch) else frozenset(patch)


def touched_by_item(field: StepField, item: Any) -> frozenset[str] | None:
    """Return the top-level fields that an item of labels, replicas or images may touch."""
    if field == "replicas":
        return frozenset({"spec"})
    if field == "labels" and not item.get("includeTemplates"):
        return ALWAYS
    return None


def touched_labels(step: Step) -> frozenset[str] | None:
    """Return the keys of the labels that a step may touch; None if these may be all of them."""
    if step.field == "labels":
        return frozenset(step.entry["pairs"])
    if step.field == "replicas":
        return frozenset()
    if step.patch is None:
        return None
    if isinstance(step.patch.data, list):
        return _labels_in_pointers(step.patch.data)
    metadata = step.patch.data.get("metadata")
    labels = metadata.get("labels", {}) if isinstance(metadata, dict) else None
    return _keys(labels) if _keys(metadata) is not None else None


def labels_selected_by(steps: Iterable[Step]) -> frozenset[str]:
    """Return the keys of the labels by which steps select objects."""
    targets = (step.selection for step in steps if isinstance(step.selection, Target))
    return frozenset(requirement.key for target in targets for requirement in target.labels)


def touched_part(manifest: Object, steps: Iterable[Step], labels: frozenset[str] = frozenset()) -> Object:
    """Return the part of an object that kustomize needs for these steps, and to select by `labels`."""
    fields = ALWAYS
    all_labels = False
    for step in steps:
        if step.touches is None:
            return manifest
        fields |= step.touches
        own = touched_labels(step)
        all_labels = all_labels or own is None
        labels |= own or frozenset()
    part = {key: value for key, value in manifest.items() if key in fields}
    found = _labels(manifest)
    if all_labels or found is None:
        return part
    return part | {"metadata": part["metadata"] | {"labels": {key: found[key] for key in found if key in labels}}}


def with_untouched(manifest: Object, part: Object, result: Object) -> Object:
    """Return kustomize's result for a part of an object, with the fields and labels that kustomize did not get."""
    whole = {key: value for key, value in manifest.items() if key not in part} | result
    left_out = {key: value for key, value in (_labels(manifest) or {}).items() if key not in (_labels(part) or {})}
    if not left_out:
        return whole
    metadata = result["metadata"]
    return whole | {"metadata": metadata | {"labels": left_out | (metadata.get("labels") or {})}}


def _labels(manifest: Object) -> Mapping[str, Any] | None:
    metadata = manifest.get("metadata")
    labels = metadata.get("labels") if isinstance(metadata, dict) else None
    return labels if isinstance(labels, dict) else None


def _keys(mapping: Any) -> frozenset[str] | None:
    """Return the keys of a mapping in a merge patch; None if it is something else, or has a directive."""
    if not isinstance(mapping, dict) or any(str(key).startswith("$") for key in mapping):
        return None
    return frozenset(map(str, mapping))


def _labels_in_pointers(patch: Iterable[Any]) -> frozenset[str] | None:
    keys: set[str] = set()
    for operation in patch:
        for pointer in (operation[name] for name in ("path", "from") if name in operation):
            first, *rest = str(pointer).removeprefix("/").split("/")
            if first != "metadata":
                continue
            if not rest or rest == ["labels"]:
                return None
            if rest[0] == "labels":
                keys.add(_unescaped(rest[1]))
    return frozenset(keys)


def _first_segment(pointer: str) -> str:
    return _unescaped(pointer.split("/")[1])


def _unescaped(segment: str) -> str:
    return segment.replace("~1", "/").replace("~0", "~")
