"""What kustomize makes of the objects that steps change: from earlier runs, and from new ones for the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from msgspec.structs import replace

from floe_compiler.model.diagnostics import Diagnostic, Rule
from floe_compiler.model.objects import ObjectId
from floe_compiler.overlay.cached_results import CachedResults
from floe_compiler.overlay.changed_objects import Built, ChangedObject, Result
from floe_compiler.overlay.kustomize import find_same_kustomize
from floe_compiler.overlay.merge_schema import schemas_of
from floe_compiler.overlay.overlay import Overlay
from floe_compiler.overlay.phases import phases
from floe_compiler.overlay.requests import as_requested, request_of

WARNED = Rule("K003", "kustomize warning", "kustomize succeeded with a warning.", severity="warning")

Runs = Callable[[Sequence[ChangedObject]], Iterable[tuple[ObjectId, Result]]]
"""Runs kustomize for objects. An object with an error may have a result, or none."""


def build_changed(
    overlay: Overlay, changed: Iterable[ChangedObject], version: str, cache: CachedResults | None = None
) -> Built:
    """Return kustomize's results for these objects, which may be of several units of the environment.

    `version` is the version of Kubernetes, `cache` the results of earlier runs.

    Raises StageFailed if kustomize is not found (K001) or does not end (K002).
    """
    built, top = Built(), overlay.top
    # Sorted by the names in messages, so that the object with the first name is reported.
    ordered = sorted(changed, key=lambda item: str(item.identity))
    if not ordered or top is None:
        return built
    command = find_same_kustomize(overlay.program)

    def run(objects: Sequence[ChangedObject]) -> Iterable[tuple[ObjectId, Result]]:
        # Imported here, as all results are known after most edits.
        from floe_compiler.overlay.portions import Kustomize
        from floe_compiler.overlay.run_results import run_all

        written = {identity: resource for unit in overlay.written.values() for identity, resource in unit.items()}
        return run_all(Kustomize(command, top, overlay.steps, version, written), objects, built)

    cached = (cache or CachedResults()).of(overlay.program, overlay.environment)
    current = {item.identity: item for item in ordered}
    for steps in map(frozenset, phases(overlay.steps, ordered)):
        reached = [item.only(steps) for item in current.values() if not steps.isdisjoint(item.steps)]
        results = dict(_phase(run, cached, version, reached, built))
        built.results.update(results)
        for identity in (item.identity for item in reached):
            result = results.get(identity)
            if result is None or result.part is None:
                del current[identity]  # there is a finding, or the object is removed
            else:
                current[identity] = replace(current[identity], part=result.part)
    return built


def _phase(
    run: Runs, cache: CachedResults, version: str, objects: Sequence[ChangedObject], built: Built
) -> Iterator[tuple[ObjectId, Result]]:
    """Yield the result of each object without an error; record the errors, and the warnings."""
    schemas = schemas_of(version)
    requests = {item.identity: request_of(item, schemas) for item in objects}
    for item in objects:
        built.problems[item.identity] += requests[item.identity].findings
        built.deletions[item.identity] |= requests[item.identity].deletions
    sound = {item.identity: item for item in objects if not requests[item.identity].findings}
    cached = cache.get(sound.values(), version)
    unknown = [item for identity, item in sound.items() if identity not in cached]
    # If an object has an error, a step that reaches it was left out.
    new = {identity: result for identity, result in run(unknown) if not built.failed(identity)} if unknown else {}
    cache.put(sound.values(), version, cached, new)
    for identity, result in (cached | new).items():
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
