"""Compiles units: each is rendered, patched and checked by itself, and the result is cached."""

from __future__ import annotations

import importlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from floe_compiler.cache.store import Cache
from floe_compiler.derive import Derived
from floe_compiler.load.digests import compiler_digest
from floe_compiler.model.annotations import AFTER_SYNC, annotation
from floe_compiler.model.codec import digest_of, encode
from floe_compiler.model.diagnostics import Diagnostic, Findings, StageFailed
from floe_compiler.model.files import NO_TEXT, File, report_clashes
from floe_compiler.model.hints import with_hint
from floe_compiler.model.inputs import Cluster
from floe_compiler.model.object_memory import is_remembering, keep_answer, same_object
from floe_compiler.model.objects import Object, ObjectId, ObjectSet
from floe_compiler.model.output_paths import delivery_path, object_path, tests_path
from floe_compiler.model.places import Places
from floe_compiler.model.plan import DeliveryPlan
from floe_compiler.model.read_texts import written
from floe_compiler.model.rendered import Rendered
from floe_compiler.model.settings import Settings
from floe_compiler.model.unit_facts import DEFINITION
from floe_compiler.model.unit_result import Stage, UnitHead, body_of, file_digests
from floe_compiler.model.units import UnitKey
from floe_compiler.model.yaml_text import from_yaml, to_yaml
from floe_compiler.node.cdk8s_process import Cdk8s, RunCdk8s
from floe_compiler.overlay import Applied, CachedResults, Overlay, apply_overlay
from floe_compiler.pipeline.cached_trees import CachedTrees
from floe_compiler.pipeline.headers import Declared, declared_unit
from floe_compiler.pipeline.known_objects import KnownObjects
from floe_compiler.pipeline.known_units import KnownUnits
from floe_compiler.synthesize import rendered_settings, synthesize

if TYPE_CHECKING:
    from floe_compiler.check import Checked

HEADS, SUMMARIES, BODIES = "heads", "summaries", "bodies"
"""The kinds of cache entries."""

RENDERED = "rendered"
"""The question what a namespace renders to before patches (`known_answer`)."""

NOTHING_DERIVED = Derived()

StageDiagnostics = tuple[Stage, tuple[Diagnostic, ...]]
"""A stage and its findings."""


class EnvironmentInput(msgspec.Struct, frozen=True):
    """What all units of an environment share."""

    settings: Settings
    cluster: Cluster
    overlay: Overlay
    path: str = ""
    """The path of the mesh in its Git repository; empty at the top."""

    definitions: tuple[str, ...] = ()
    """The CustomResourceDefinitions of the environment, as YAML."""

    installed: bytes = b""
    """The CustomResourceDefinitions that others install, as MessagePack; the environment's own take precedence."""


class Task(msgspec.Struct, frozen=True):
    """A unit to compile: a namespace, the delivery of an environment, or a namespace of hand-written objects only.

    `content` is the digest of everything that the result depends on. Only a declared namespace has a `scope`. What it
    declares is None if its header came from the cache. `rendering` is the digest of everything that it renders to
    before patches follows from (empty: not known), `rendered` what it renders to if that is known.
    """

    key: UnitKey
    content: str
    scope: str = ""
    declared: Declared | None = None
    derived: Derived = NOTHING_DERIVED
    delivery: DeliveryPlan | None = None
    rendering: str = ""
    rendered: Rendered | None = None


class Shared(msgspec.Struct, frozen=True):
    """What the tasks of a run share. Without a cache, results are returned as a whole."""

    environments: Mapping[str, EnvironmentInput]
    cache: Cache | None = None


class Compiled(msgspec.Struct, frozen=True):
    """The result of a task: the findings by stage, and the unit, as far as it was compiled."""

    key: UnitKey
    content: str
    findings: tuple[StageDiagnostics, ...] = ()
    hits: tuple[str, ...] = ()
    """The digests of the patches that select something in the unit."""

    head: bytes = b""
    entries: Mapping[str, bytes] = {}
    """What only some runs read, by the kind of cache entry; empty if it is in the cache."""

    @property
    def failed(self) -> bool:
        """Tell whether there is an error."""
        return any(finding.severity == "error" for _, findings in self.findings for finding in findings)


def compile_units(
    shared: Shared, tasks: Sequence[Task], meanwhile: Callable[[], object] | None = None
) -> list[Compiled]:
    """Return the results of tasks, in no particular order: each is the same, whichever others come along.

    cdk8s builds the unknown charts of all tasks at once, and kustomize starts once for each environment that needs it.
    `meanwhile` is called while Node.js loads cdk8s, if it must.
    """

    def built(charts: list[dict[str, Any]]) -> list[dict[str, Any]]:
        with Cdk8s() as cdk8s:
            cdk8s.start()
            importlib.import_module("floe_compiler.check")  # while Node.js loads cdk8s
            if meanwhile:
                meanwhile()
            return cdk8s.run(charts)

    trees = CachedTrees(shared.cache, compiler_digest())
    try:
        rendered = _rendered(shared.environments, tasks, trees.or_from(built))
    except StageFailed as failed:
        return [_failed("synthesize", tasks[0], failed.diagnostics)]
    by_environment: dict[str, list[Task]] = defaultdict(list)
    for task in tasks:
        by_environment[task.key.environment].append(task)

    cache = CachedResults(shared.cache, compiler_digest())

    def patched(name: str) -> Mapping[str, Applied] | StageFailed:
        units = {task.key.namespace: rendered[task.key] for task in by_environment[name]}
        try:
            return apply_overlay(shared.environments[name].overlay, units, cache)
        except StageFailed as failed:
            return failed

    with ThreadPoolExecutor(len(by_environment) or 1) as threads:  # they wait for kustomize
        applied = dict(zip(by_environment, threads.map(patched, by_environment), strict=True))
    compiled = []
    for name, group in by_environment.items():
        units = applied[name]
        if isinstance(units, StageFailed):
            # Nothing was applied, so no patch can be said to select nothing.
            steps = tuple(step.digest for step in shared.environments[name].overlay.steps)
            compiled.append(_failed("overlay", group[0], units.diagnostics, steps))
        else:
            compiled += [_finished(shared, task, units[task.key.namespace]) for task in group]
    return compiled


def _failed(stage: Stage, task: Task, findings: tuple[Diagnostic, ...], hits: tuple[str, ...] = ()) -> Compiled:
    return Compiled(task.key, task.content, ((stage, findings),), hits)


def _rendered(
    environments: Mapping[str, EnvironmentInput], tasks: Sequence[Task], cdk8s: RunCdk8s
) -> Mapping[UnitKey, Rendered]:
    """Return each task's unit as rendered. Raises StageFailed."""
    already_rendered = {task.key: task.rendered for task in tasks if task.rendered is not None}
    declared = [
        (task, task.declared) for task in tasks if task.declared is not None and task.key not in already_rendered
    ]
    planned = [(task, task.derived.plan(declared_unit(unit))) for task, unit in declared]
    clusters = {name: environment.cluster for name, environment in environments.items()}
    delivered = [(task, task.delivery) for task in tasks if task.delivery is not None]
    units = synthesize([plan for _, plan in planned], clusters, [plan for _, plan in delivered], cdk8s)
    for (task, _), unit in zip(planned, units, strict=False):
        if task.rendering:
            keep_answer((RENDERED, task.rendering), unit)
    synthesized = [task.key for task, _ in planned] + [task.key for task, _ in delivered]
    rendered = already_rendered | dict(zip(synthesized, units, strict=True))
    for task in tasks:
        if task.key not in rendered:
            environment = environments[task.key.environment]
            empty = rendered_settings(environment.settings, environment.cluster)
            rendered[task.key] = replace(empty, namespace=task.key.namespace)
    return rendered


def _finished(shared: Shared, task: Task, applied: Applied) -> Compiled:
    """Check a unit and turn its objects into text, unless that was just done for an equal one."""
    if any(finding.severity == "error" for finding in applied.findings):
        return _failed("overlay", task, applied.findings, tuple(sorted(applied.hits)))
    environment, unit = shared.environments[task.key.environment], applied.rendered
    objects, unpatched = _same_objects(unit.objects), unit.unpatched and _same_objects(unit.unpatched)
    applied = replace(applied, rendered=replace(unit, objects=objects, unpatched=unpatched))
    result = _known_units.result(
        applied, (environment.installed, environment.definitions), lambda: _make(shared, task, applied)
    )
    compiled = replace(result, key=task.key, content=task.content)
    return compiled if shared.cache is None else without_entries(shared.cache, compiled)


_known_units = KnownUnits[Compiled]()


def _same_objects(objects: ObjectSet) -> ObjectSet:
    return ObjectSet({identity: same_object(manifest) for identity, manifest in objects.by_id.items()})


def _make(shared: Shared, task: Task, applied: Applied) -> Compiled:
    from floe_compiler.check import check_unit

    rendered, hits = applied.rendered, tuple(sorted(applied.hits))
    own = tuple(rendered.objects.of_kind(DEFINITION))
    known = KnownObjects(shared.cache, compiler_digest(), rendered)
    checked = check_unit(rendered, _definitions(shared.environments[task.key.environment], own), known.has)
    findings = Findings([*checked.findings])
    # An object that does not fit its schema may have no text. Other units only need the summary.
    files = () if findings.failed else tuple(_files(rendered, findings, known))
    report_clashes(files, findings)
    summary = encode(checked.summary)
    head = UnitHead(
        task.key.namespace,
        file_digests(files),
        digest_of(summary),
        {
            "overlay": applied.findings,
            "check": tuple(finding for finding in findings.diagnostics if finding.severity == "warning"),
        },
        hits,
        tuple(map(to_yaml, own)) if files and not findings.failed else (),
    )
    body = encode(body_of((file.text for file in files), Places.of(rendered)))
    by_stage: tuple[StageDiagnostics, ...] = (("overlay", applied.findings), ("check", tuple(findings.diagnostics)))
    compiled = Compiled(task.key, task.content, by_stage, hits, encode(head), {SUMMARIES: summary, BODIES: body})
    if not compiled.failed:
        pairs = zip(rendered.objects.by_id.items(), files, strict=True)
        known.keep(
            (manifest, file.text) for (identity, manifest), file in pairs if _is_kept(identity, rendered, checked)
        )
    return compiled


def _is_kept(identity: ObjectId, rendered: Rendered, checked: Checked) -> bool:
    """Return whether the text of an object follows from it, and no rule about single objects needs to see it again."""
    return identity in checked.sound and str(identity) not in rendered.verbatim


def without_entries(cache: Cache, compiled: Compiled) -> Compiled:
    """Put what only some runs read into the cache. A result with an error, or for which that fails, stays whole."""
    if compiled.failed or not all(cache.put(kind, compiled.content, data) for kind, data in compiled.entries.items()):
        return compiled
    return replace(compiled, entries={})


def _definitions(environment: EnvironmentInput, own: Sequence[Object]) -> tuple[Object, ...]:
    """Return the definitions of custom resources by name; the unit's own, which may be patched, replace others."""
    shared = _shared_definitions(environment.installed, environment.definitions)
    return _by_name((*shared, *own)) if own else shared


@lru_cache(maxsize=8)  # the units of an environment share them, and so their compiled schemas
def _shared_definitions(encoded: bytes, rendered: tuple[str, ...]) -> tuple[Object, ...]:
    installed: list[Object] = msgspec.msgpack.decode(encoded) if encoded else []
    return _by_name((*installed, *map(from_yaml, rendered)))


def _by_name(definitions: Iterable[Object]) -> tuple[Object, ...]:
    """Return the definitions sorted by name; of two with one name, the last."""
    by_name = {str(definition["metadata"]["name"]): definition for definition in definitions}
    return tuple(by_name[name] for name in sorted(by_name))


def _files(rendered: Rendered, findings: Findings, known: KnownObjects) -> Iterator[File]:
    write = written if is_remembering() else to_yaml  # `watch` reads what is new, to compare
    for identity, manifest in rendered.objects.by_id.items():
        if identity in rendered.delivery:
            path = delivery_path(rendered.environment, identity, rendered.delivery_tool)
        elif rendered.delivery_tool == "flux" and identity.namespace and annotation(manifest, AFTER_SYNC):
            path = tests_path(rendered.environment, identity)
        else:
            path = object_path(rendered.environment, identity, cluster_scoped=not identity.namespace)
        try:
            text = rendered.verbatim.get(str(identity)) or known.text(manifest) or write(manifest)
        except ValueError as error:
            findings.extend([Places.of(rendered).diagnostic(NO_TEXT, identity, *with_hint(str(error)))])
        else:
            yield File(path, text, f"{rendered.environment}: {identity}")
