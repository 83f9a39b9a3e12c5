"""Finds the objects and the steps on which kustomize fails."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from floe_compiler.model.diagnostics import Diagnostic
from floe_compiler.model.document import show_path
from floe_compiler.model.objects import Object
from floe_compiler.model.span import Span
from floe_compiler.overlay.bisection import first_failing, sorted_out
from floe_compiler.overlay.changed_objects import Built, ChangedObject
from floe_compiler.overlay.failing_fields import failing_path
from floe_compiler.overlay.kustomization import Step
from floe_compiler.overlay.kustomize import DID_NOT_RUN, TAKEN_FOR_ANOTHER
from floe_compiler.overlay.own_annotations import fix, own_annotations
from floe_compiler.overlay.patch_problems import PATCH_FAILED
from floe_compiler.overlay.portions import Kustomize, Run
from floe_compiler.overlay.wrong_kinds import wrong_kind

MOST_FAILING = 10
"""The most failures that are looked for in a portion, as each takes some runs of kustomize."""

_IN_ERRORS = {name: name for name in ("add", "copy", "move", "remove", "replace")} | {"test": "testing"}
"""How errors of kustomize name the operations of a JSON patch (github.com/evanphx/json-patch, v4)."""


def attempt_without_failing(
    kustomize: Kustomize,
    portion: Sequence[ChangedObject],
    failing: list[Step],
    objects: Iterable[ChangedObject],
    built: Built,
) -> tuple[Sequence[ChangedObject], Run] | None:
    """Return a run of a portion on which kustomize fails, without the objects and steps on which it does.

    With it, the objects in it; None if there are too many of these.

    Each of these is recorded once: a step with the first object on which it fails, for all objects that it reaches. It
    is also added to `failing`, the steps to leave out. After MOST_FAILING, the others are not tried.
    """
    sound, broken = sorted_out(
        portion,
        lambda some: kustomize.attempt(some, ()).error,
        MOST_FAILING,
        lambda item: item.identity in kustomize.written,
    )
    for item, others in broken:
        built.report(_failing(kustomize, item, others), portion)
    if broken:
        return None
    steps = [step for step in kustomize.steps_of(sound) if step not in failing]
    good, bad = sorted_out(steps, lambda some: kustomize.attempt(sound, some).error, MOST_FAILING)
    for step, before in bad:
        problem = _failure(kustomize, sound, step, (*before, step))
        full = len(bad) == MOST_FAILING
        built.report(problem, portion if full else [item for item in objects if step in item.steps])
        failing.append(step)
    return (sound, kustomize.attempt(sound, good)) if len(bad) < MOST_FAILING else None


def _failing(kustomize: Kustomize, item: ChangedObject, others: Sequence[ChangedObject]) -> Diagnostic:
    """Return the problem of an object on which kustomize fails, with sound ones beside it, at the value to blame."""

    def failure(part: Object) -> str:
        return kustomize.attempt([*others, replace(item, part=part)], ()).error

    path = failing_path(item.part, failure) if item.identity in kustomize.written else ()
    error = failure(item.part)
    message = f"kustomize fails on {item.identity}{f' at {show_path(path)}' if path else ''}: {error}"
    hint = "rename the key" if error == TAKEN_FOR_ANOTHER else fix(own_annotations(item.part))
    return Diagnostic(DID_NOT_RUN, message, kustomize.span(item, path), str(item.identity), hint)


def _failure(kustomize: Kustomize, portion: Sequence[ChangedObject], step: Step, so_far: Sequence[Step]) -> Diagnostic:
    """Return the problem of a step with the first object on which it fails."""
    reached = [item for item in portion if step in item.steps]
    changed = first_failing(reached, lambda some: kustomize.attempt(some, so_far).error)
    error = kustomize.attempt([changed], so_far).error
    if problem := wrong_kind(error, changed.identity, kustomize.written.get(changed.identity)):
        return problem
    message = f"cannot be applied to {changed.identity}: {error}"
    hint = "write paths and items that the object has, as it is compiled without the patch"
    return Diagnostic(PATCH_FAILED, message, _named_in(error, step), str(changed.identity), hint, step.related())


def _named_in(error: str, step: Step) -> Span:
    """Return the place of the operation that an error of kustomize names, or else that of the patch."""
    if step.patch is None or step.merge is not None:
        return step.span
    positions = [
        index
        for index, operation in enumerate(step.patch.data)
        if re.search(rf"\b{_IN_ERRORS[operation['op']]} .*{re.escape(operation['path'])}(?![\w/-])", error, re.DOTALL)
    ]
    return step.patch.span((positions[0], "path")) if positions else step.span
