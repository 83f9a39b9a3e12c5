"""The top-level fields of an object that a step may read or change. kustomize gets only these.

kustomize's time grows with its input, and most patches touch a small part of an object: a label, the number of
replicas. Fields that no step touches are left out of the input, and added again afterwards. If it is not clear what a
step touches, it touches everything (None).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from floe_compiler.model.objects import Object
from floe_compiler.overlay.kustomization import Step, StepField

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


def touched_part(manifest: Object, steps: Iterable[Step]) -> Object:
    """Return the part of an object that kustomize needs for these steps."""
    touched = ALWAYS
    for step in steps:
        if step.touches is None:
            return manifest
        touched |= step.touches
    return {key: value for key, value in manifest.items() if key in touched}


def _first_segment(pointer: str) -> str:
    return pointer.split("/")[1].replace("~1", "/").replace("~0", "~")
