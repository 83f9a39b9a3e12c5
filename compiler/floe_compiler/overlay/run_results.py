"""The results of kustomize's runs by object, with what is wrong with them and with the steps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from floe_compiler.model.diagnostics import Diagnostic
from floe_compiler.model.objects import ObjectId
from floe_compiler.overlay.alike import grouped, renamed
from floe_compiler.overlay.answers import not_asked_for
from floe_compiler.overlay.changed_objects import Built, ChangedObject, Result
from floe_compiler.overlay.failing_steps import attempt_without_failing
from floe_compiler.overlay.json_patches import IDENTITY_CHANGED
from floe_compiler.overlay.kustomization import Step
from floe_compiler.overlay.kustomize import DID_NOT_RUN, REINSTALL
from floe_compiler.overlay.own_annotations import fix, own_annotations
from floe_compiler.overlay.portions import Kustomize, Run, runs


def run_all(kustomize: Kustomize, objects: Sequence[ChangedObject], built: Built) -> list[tuple[ObjectId, Result]]:
    """Return the results of all runs without an error; record the errors of the others."""
    if (of_all := _by_one_of_each_kind(kustomize, objects)) is not None:
        return of_all
    results: list[tuple[ObjectId, Result]] = []
    failing: list[Step] = []
    for portion, run in runs(kustomize, objects):
        if run.error:
            if attempt := attempt_without_failing(kustomize, portion, failing, objects, built):
                results += _results(kustomize, *attempt, built)
        else:
            results += _results(kustomize, portion, run, built)
    return results


def _by_one_of_each_kind(
    kustomize: Kustomize, objects: Sequence[ChangedObject]
) -> list[tuple[ObjectId, Result]] | None:
    """Return the results of all objects by one of those that are alike; None if anything is wrong with one of these."""
    groups = grouped(objects, kustomize.written)
    if len(groups) == len(objects):
        return None
    results: dict[ObjectId, Result] = {}
    for portion, run in runs(kustomize, [group[0] for group in groups]):
        if run.error or run.warnings:
            return None
        results.update(_results(kustomize, portion, run, Built()))
    if len(results) < len(groups):
        return None
    return [(item.identity, renamed(results[group[0].identity], item)) for group in groups for item in group]


def _results(
    kustomize: Kustomize, portion: Sequence[ChangedObject], run: Run, built: Built
) -> Iterator[tuple[ObjectId, Result]]:
    """Yield the result of each object; record objects whose identity has changed."""
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
            place = kustomize.span(item, ("metadata", "annotations", own[0]) if own else (field,))
            hint = fix(own) if place else REINSTALL
            built.report(Diagnostic(DID_NOT_RUN, message, place, subject=str(item.identity), hint=hint), [item])
        else:
            yield item.identity, Result(part, run.warnings)
