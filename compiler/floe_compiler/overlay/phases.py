"""Divides the steps into phases, so that it is known what each merge patch changes.

Within a phase, kustomize takes all steps at once. A JSON patch may change the order of a list on purpose, and names
items by their position. So an object gets its merge patches and its JSON patches in different phases.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from floe_compiler.model.objects import ObjectId
from floe_compiler.overlay.changed_objects import ChangedObject
from floe_compiler.overlay.kustomization import Step
from floe_compiler.overlay.matching import Target


def phases(steps: Iterable[Step], objects: Iterable[ChangedObject]) -> Sequence[Sequence[Step]]:
    """Return the steps that reach an object in as few phases as possible. Each object gets its steps in order.

    Args:
        steps: All steps, in the order in which they are taken.
        objects: The objects, each with the steps that reach it.
    """
    reached: dict[Step, list[ObjectId]] = defaultdict(list)
    for item in objects:
        for step in dict.fromkeys(item.steps):
            reached[step].append(item.identity)
    result: list[list[Step]] = []
    # The last phase of each object so far, and the forms of its steps in it.
    last: dict[ObjectId, tuple[int, frozenset[str]]] = {}
    for step in (step for step in dict.fromkeys(steps) if step in reached):
        so_far = [last.get(identity, (0, frozenset())) for identity in reached[step]]
        phase = max(number + _conflict(step, forms) for number, forms in so_far)
        for identity, (number, forms) in zip(reached[step], so_far, strict=True):
            last[identity] = (phase, (forms if number == phase else frozenset()) | {_form(step)})
        if phase == len(result):
            result.append([])
        result[phase].append(step)
    return result


def _form(step: Step) -> str:
    if step.field != "patches":
        return "other"
    return "JSON" if step.merge is None else "merge"


def _conflict(step: Step, taken: frozenset[str]) -> bool:
    """Return whether an object that was changed in a phase needs another one for this step."""
    form = _form(step)
    if form == "merge" and isinstance(step.selection, Target) and (step.selection.labels or step.selection.annotations):
        return bool(taken)  # an earlier step may set the labels
    return (form == "merge" and "JSON" in taken) or (form == "JSON" and "merge" in taken)
