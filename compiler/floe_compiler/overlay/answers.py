"""What kustomize answers, held against what it got: it may be another program than was meant, or broken."""

from __future__ import annotations

from collections import Counter

from floe_compiler.model.diagnostics import Diagnostic, StageFailed
from floe_compiler.model.objects import Object, ObjectId, identify
from floe_compiler.overlay.changed_objects import ChangedObject
from floe_compiler.overlay.exchange import read_objects
from floe_compiler.overlay.fidelity import difference
from floe_compiler.overlay.kustomize import DID_NOT_RUN, REINSTALL


def objects_in(text: str) -> dict[ObjectId, Object]:
    """Return the objects of an answer. Raises StageFailed if it is something else than objects, each once."""
    try:
        parts = read_objects(text)
    except ValueError as error:
        raise StageFailed(
            [Diagnostic(DID_NOT_RUN, f"kustomize answered with something else: {error}", hint=REINSTALL)]
        ) from error
    objects = {identify(part): part for part in parts}
    if len(objects) != len(parts):
        twice = next(identity for identity, number in Counter(map(identify, parts)).items() if number > 1)
        raise StageFailed([Diagnostic(DID_NOT_RUN, f"kustomize answered with {twice} more than once", hint=REINSTALL)])
    return objects


def not_asked_for(item: ChangedObject, result: Object | None) -> str:
    """Return a top-level field that differs from what kustomize got although no step may change it; or nothing."""
    if result is None or any(step.touches is None for step in item.steps):
        return ""
    touched = {path[0] for step in item.steps for path in step.touches or ()}
    others = sorted({*item.part, *result} - touched)
    return next((field for field in others if difference(result.get(field), item.part.get(field)) is not None), "")
