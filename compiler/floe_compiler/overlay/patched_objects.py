"""What kustomize makes of the objects that steps change, with what is wrong with them and with the steps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from msgspec.structs import replace

from floe_compiler.model.diagnostics import Diagnostic, Rule
from floe_compiler.model.objects import ObjectId
from floe_compiler.overlay.alike import grouped, renamed
from floe_compiler.overlay.answers import not_asked_for
from floe_compiler.overlay.changed_objects import Built, ChangedObject, Result
from floe_compiler.overlay.failing_steps import attempt_without_failing
from floe_compiler.overlay.json_patches import IDENTITY_CHANGED
from floe_compiler.overlay.kept_results import KeptResults
from floe_compiler.overlay.kustomization import Step
from floe_compiler.overlay.kustomize import DID_NOT_RUN, REINSTALL, find_same_kustomize
from floe_compiler.overlay.merge_schema import schemas_of
from floe_compiler.overlay.overlay import Overlay
from floe_compiler.overlay.own_annotations import fix, own_annotations
from floe_compiler.overlay.phases import phases
from floe_compiler.overlay.portions import Kustomize, Run, runs
from floe_compiler.overlay.requests import as_requested, request_of

WARNED = Rule("K003", "kustomize warning", "kustomize succeeded with a warning.", severity="warning")


def build_changed(
    overlay: Overlay, changed: Iterable[ChangedObject], version: str, kept: KeptResults | None = None
) -> Built:
    """Return kustomize's results for these objects, which may be of several units of the environment.

    `version` is the version of Kubernetes, `kept` the results of earlier runs.

    Raises StageFailed if kustomize is not found (K001) or does not end (K002).
    """
    built = Built()
    # Sorted by the names in messages, so that the object with the first name is reported.
    ordered = sorted(changed, key=lambda item: str(item.identity))
    if not ordered or overlay.top is None:
        return built
    command = find_same_kustomize(overlay.program)
    written = {identity: one for unit in overlay.written.values() for identity, one in unit.items()}
    known = (kept or KeptResults()).of(overlay.program, overlay.environment)
    kustomize = Kustomize(command, overlay.top, overlay.steps, version, written, known)
    current = {item.identity: item for item in ordered}
    for steps in map(frozenset, phases(overlay.steps, ordered)):
        reached = [item.only(steps) for item in current.values() if not steps.isdisjoint(item.steps)]
        results = dict(_phase(kustomize, reached, built))
        built.results.update(results)
        for identity in (item.identity for item in reached):
            result = results.get(identity)
            if result is None or result.part is None:
                del current[identity]  # there is a finding, or the object is removed
            else:
                current[identity] = replace(current[identity], part=result.part)
    return built


def _phase(kustomize: Kustomize, objects: Sequence[ChangedObject], built: Built) -> Iterator[tuple[ObjectId, Result]]:
    """Yield the result of each object without an error; record the errors, and the warnings."""
    schemas = schemas_of(kustomize.version)
    requests = {item.identity: request_of(item, schemas) for item in objects}
    for item in objects:
        built.problems[item.identity] += requests[item.identity].findings
        built.deletions[item.identity] |= requests[item.identity].deletions
    sound = {item.identity: item for item in objects if not requests[item.identity].findings}
    known = kustomize.kept.get(sound.values(), kustomize.version)
    unknown = [item for identity, item in sound.items() if identity not in known]
    # If an object has an error, a step that reaches it was left out.
    new = {identity: result for identity, result in _run_all(kustomize, unknown, built) if not built.failed(identity)}
    kustomize.kept.put(sound.values(), kustomize.version, known, new)
    for identity, result in (known | new).items():
        built.problems[identity] += [
            Diagnostic(WARNED, warning, hint="change the entry that it is about") for warning in result.warnings
        ]
        if result.part is None:
            yield identity, result
            continue
        part, problem = as_requested(sound[identity], requests[identity], result.part)
        if problem:
            built.report(problem, [sound[identity]])
        else:
            yield identity, replace(result, part=part)


def _run_all(kustomize: Kustomize, objects: Sequence[ChangedObject], built: Built) -> list[tuple[ObjectId, Result]]:
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
