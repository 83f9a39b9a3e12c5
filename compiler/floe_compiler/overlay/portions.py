"""Runs kustomize in portions for the objects that steps change, and finds the steps on which it fails.

kustomize's time grows with the square of the number of objects (a minute for 3,000 objects), but each step only needs
one object. So objects that no step changes are left out, and the others are processed in portions, whatever their unit.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import msgspec
from msgspec.structs import replace

from floe_compiler.model.diagnostics import Diagnostic
from floe_compiler.model.document import DataPath, show_path
from floe_compiler.model.objects import Object, ObjectId
from floe_compiler.model.span import Span
from floe_compiler.overlay.alike import grouped, renamed
from floe_compiler.overlay.answers import not_asked_for, objects_in
from floe_compiler.overlay.bisection import first_failing, sorted_out
from floe_compiler.overlay.changed_objects import Built, ChangedObject, Result
from floe_compiler.overlay.failing_fields import failing_path
from floe_compiler.overlay.json_patches import IDENTITY_CHANGED
from floe_compiler.overlay.kustomization import Kustomization, Step
from floe_compiler.overlay.kustomize import (
    DID_NOT_RUN,
    REINSTALL,
    TAKEN_FOR_ANOTHER,
    KustomizeError,
    run_kustomize,
)
from floe_compiler.overlay.overlay import Written
from floe_compiler.overlay.own_annotations import fix, own_annotations
from floe_compiler.overlay.patch_problems import PATCH_FAILED
from floe_compiler.overlay.staging import staged_files
from floe_compiler.overlay.wrong_kinds import wrong_kind

PORTION = 100
"""The most objects in one run. An object with only its metadata takes 1.2 ms in a run of 100, 2.6 ms in a run of 25
(starting the program takes 40 ms) and 1.4 ms in a run of 400. A whole CronJob or Deployment takes 7 to 10 ms."""

MOST_FAILING = 10
"""The most failures that are looked for in a portion, as each takes some runs of kustomize."""

_IN_ERRORS = {name: name for name in ("add", "copy", "move", "remove", "replace")} | {"test": "testing"}
"""How errors of kustomize name the operations of a JSON patch (github.com/evanphx/json-patch, v4)."""


class _Run(msgspec.Struct, frozen=True):
    """The result of one run of kustomize, or its error."""

    objects: dict[ObjectId, Object] = msgspec.field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    error: str = ""


class Kustomize(msgspec.Struct, frozen=True):
    """kustomize, with the kustomizations of an environment, their steps in order, and the version of Kubernetes."""

    command: list[str]
    top: Kustomization
    steps: Sequence[Step]
    version: str
    written: Mapping[ObjectId, Written]
    """The hand-written objects."""

    def steps_of(self, objects: Iterable[ChangedObject]) -> list[Step]:
        """Return the steps that reach any of these objects, in the order in which they are taken."""
        reaching = {step for item in objects for step in item.steps}
        return [step for step in self.steps if step in reaching]

    def attempt(self, objects: Sequence[ChangedObject], steps: Collection[Step] | None = None) -> _Run:
        """Build these objects with those of `steps` (None: of all steps) that reach any of them."""
        taken = [step for step in self.steps_of(objects) if steps is None or step in steps]
        parts: dict[str, list[Object]] = {}
        for item in objects:
            parts.setdefault(item.folder, []).append(item.part)
        try:
            files = staged_files(self.top, parts, taken, self.version)
            text, warnings = run_kustomize(self.command, self.top.folder, files)
        except KustomizeError as error:
            return _Run(error=str(error))
        return _Run(objects_in(text), tuple(warnings))


def run_all(kustomize: Kustomize, objects: Sequence[ChangedObject], built: Built) -> list[tuple[ObjectId, Result]]:
    """Return the results of all runs without an error; record the errors of the others."""
    if (of_all := _by_one_of_each_kind(kustomize, objects)) is not None:
        return of_all
    results: list[tuple[ObjectId, Result]] = []
    failing: list[Step] = []
    for portion, run in _runs(kustomize, objects):
        if run.error:
            results += _without_failing(kustomize, portion, failing, objects, built)
        else:
            results += _results(kustomize.written, portion, run, built)
    return results


def _by_one_of_each_kind(
    kustomize: Kustomize, objects: Sequence[ChangedObject]
) -> list[tuple[ObjectId, Result]] | None:
    """Return the results of all objects by one of those that are alike; None if anything is wrong with one of these."""
    groups = grouped(objects, kustomize.written)
    if len(groups) == len(objects):
        return None
    results: dict[ObjectId, Result] = {}
    for portion, run in _runs(kustomize, [group[0] for group in groups]):
        if run.error or run.warnings:
            return None
        results.update(_results(kustomize.written, portion, run, Built()))
    if len(results) < len(groups):
        return None
    return [(item.identity, renamed(results[group[0].identity], item)) for group in groups for item in group]


def _runs(kustomize: Kustomize, objects: Sequence[ChangedObject]) -> list[tuple[Sequence[ChangedObject], _Run]]:
    """Return the portions of these objects, each with its run."""
    portions = _portions(objects)
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        return list(zip(portions, pool.map(kustomize.attempt, portions), strict=True))


def _portions(objects: Sequence[ChangedObject]) -> list[Sequence[ChangedObject]]:
    """Return the objects in as few portions as possible, of about equal size."""
    size = math.ceil(len(objects) / (math.ceil(len(objects) / PORTION) or 1)) or 1
    return [objects[start : start + size] for start in range(0, len(objects), size)]


def _results(
    written: Mapping[ObjectId, Written], portion: Sequence[ChangedObject], run: _Run, built: Built
) -> Iterator[tuple[ObjectId, Result]]:
    """Yield the result of each object; record objects whose identity has changed. `written` are hand-written ones."""
    others = ", ".join(sorted(str(item) for item in run.objects.keys() - {item.identity for item in portion}))
    missing = [item for item in portion if item.identity not in run.objects and not item.may_be_removed]
    for item in missing:
        message = f"after the patches, {item.identity} is missing; instead, there is {others or 'nothing'}"
        span = item.steps[-1].span
        hint = "leave kind, name and namespace as they are; the inputs change them"
        built.report(Diagnostic(IDENTITY_CHANGED, message, span, str(item.identity), hint), [item])
    if others and not missing:
        built.report(Diagnostic(DID_NOT_RUN, f"kustomize added {others}", hint=REINSTALL), portion)
    if others or missing:
        return
    for item in portion:
        part = run.objects.get(item.identity)
        if field := not_asked_for(item, part):
            message = f"kustomize changed {field} of {item.identity}, which no entry changes"
            own = own_annotations(item.part)
            # A generated object is sound, so then it is the program.
            place = _span(written, item, ("metadata", "annotations", own[0]) if own else (field,))
            hint = fix(own) if place else REINSTALL
            built.report(Diagnostic(DID_NOT_RUN, message, place, subject=str(item.identity), hint=hint), [item])
        else:
            yield item.identity, Result(part, run.warnings)


def _without_failing(
    kustomize: Kustomize,
    portion: Sequence[ChangedObject],
    failing: list[Step],
    objects: Iterable[ChangedObject],
    built: Built,
) -> Iterator[tuple[ObjectId, Result]]:
    """Yield the results of a portion on which kustomize fails, without the objects and steps on which it does.

    Each of these is recorded once: a step with the first object on which it fails, for all objects that it reaches. It
    is also added to `failing`, the steps to leave out. After MOST_FAILING, the others are not tried.
    """
    sound, broken = sorted_out(portion, lambda some: kustomize.attempt(some, ()).error, MOST_FAILING)
    for item, others in broken:
        built.report(_failing(kustomize, item, others), portion)
    if broken:
        return
    steps = [step for step in kustomize.steps_of(sound) if step not in failing]
    good, bad = sorted_out(steps, lambda some: kustomize.attempt(sound, some).error, MOST_FAILING)
    for step, before in bad:
        problem = _failure(kustomize, sound, step, (*before, step))
        full = len(bad) == MOST_FAILING
        built.report(problem, portion if full else [item for item in objects if step in item.steps])
        failing.append(step)
    if len(bad) < MOST_FAILING:
        yield from _results(kustomize.written, sound, kustomize.attempt(sound, good), built)


def _failing(kustomize: Kustomize, item: ChangedObject, others: Sequence[ChangedObject]) -> Diagnostic:
    """Return the problem of an object on which kustomize fails, with sound ones beside it, at the value to blame."""

    def failure(part: Object) -> str:
        return kustomize.attempt([*others, replace(item, part=part)], ()).error

    path = failing_path(item.part, failure) if item.identity in kustomize.written else ()
    error = failure(item.part)
    message = f"kustomize fails on {item.identity}{f' at {show_path(path)}' if path else ''}: {error}"
    hint = "rename the key" if error == TAKEN_FOR_ANOTHER else fix(own_annotations(item.part))
    return Diagnostic(DID_NOT_RUN, message, _span(kustomize.written, item, path), str(item.identity), hint)


def _span(written: Mapping[ObjectId, Written], item: ChangedObject, path: DataPath) -> Span | None:
    """Return the place of a value of a hand-written object; None for a generated one."""
    own = written.get(item.identity)
    return own.values.get(path, own.span) if own else None


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
    said = [
        index
        for index, operation in enumerate(step.patch.data)
        if re.search(rf"\b{_IN_ERRORS[operation['op']]} .*{re.escape(operation['path'])}(?![\w/-])", error, re.DOTALL)
    ]
    return step.patch.span((said[0], "path")) if said else step.span
