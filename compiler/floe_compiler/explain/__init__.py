"""Finds which inputs the values of a rendered object come from.

A namespace's objects are a pure function of the inputs. So `explain` changes one written value at a time, renders
again, and compares the object. A normal compilation needs to record nothing for this, and the answer is correct
whatever a component does with its settings.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import Any

from msgspec.structs import replace

from floe_compiler.explain.attempts import Valid
from floe_compiler.explain.documents import of_domain, of_platform
from floe_compiler.explain.effects import effects, relevant
from floe_compiler.explain.question import Question, Schemas
from floe_compiler.explain.settings import Setting, defaults, left_out, switches_of, without_choice, written
from floe_compiler.explain.text_lines import is_long
from floe_compiler.explain.variations import scalars
from floe_compiler.model.data_paths import show_place
from floe_compiler.model.document import DataPath, Document
from floe_compiler.model.explanation import FIXED, Cause, Explanation
from floe_compiler.model.nested_fields import mapping
from floe_compiler.model.objects import Object, identify
from floe_compiler.model.sources import Sources
from floe_compiler.model.span import Span
from floe_compiler.model.value_spans import Patch
from floe_compiler.resolve.layers import merge
from floe_compiler.resolve.scopes import manifest_layers
from floe_compiler.resolve.slots import Registry
from floe_compiler.synthesize.charts import WAVE

_ABSENT = object()
_NOWHERE: tuple[DataPath, Any] = ((), _ABSENT)


FEW = 16
"""Settings that are varied together at first, of those that are likely to change an object."""

Causes = dict[DataPath, list[Cause]]


Place = tuple[str, int]
"""A path as people write it, and a number: several items of a list may have one name, such as mounts of one volume."""

ValueCauses = list[tuple[DataPath, Cause]]
"""The paths that change in an object, each with the cause."""

Run = Callable[[Callable[[Sequence[Setting]], ValueCauses], Iterable[Sequence[Setting]]], Iterable[ValueCauses]]
"""Calls a function for each group, as `map` does, perhaps in other processes."""


def explain(
    sources: Sources,
    registry: Registry,
    site: str,
    final: Object,
    patches: Sequence[Patch],
    asked_by: str,
    run: Run = map,
    schemas: Schemas | None = None,
    only: Callable[[Span | None], bool] | None = None,
    valid: Valid | None = None,
) -> Explanation:
    """Return the causes of each value of the rendered object `final`.

    `patches` are the patches that changed it. `asked_by` is the location or component that it comes from. `run` varies
    many groups of settings, in order. `schemas` are those of the documents, by kind (default: they are made).
    `only` says of a place whether what is written there may be a cause (default: all, and defaults). `valid` is the
    site as the documents have it, if several objects of it are explained (default: it is resolved).
    """
    identity = identify(final)
    decrypts = bool(mapping(final, ("spec", "decryption")))
    question = Question(sources, registry, site, identity, schemas, decrypts=decrypts, valid=valid)
    baseline = question.baseline
    causes = _causes(question, baseline, run, only) if baseline is not None else {}
    generated = _by_place(question.generated or {})
    sampled = _by_place(baseline or {})
    values = []
    lines: dict[DataPath, tuple[tuple[Cause, ...], ...]] = {}
    for key, (path, value) in _by_place(final).items():
        place, _ = key
        _, rendered = generated.get(key, _NOWHERE)
        at, first = sampled.get(key, _NOWHERE)
        patched = [Cause("patched", span) for patch in patches if (span := patch.changes(place))]
        if patched:
            explained = patched
        elif path == WAVE and rendered is _ABSENT:
            explained = [Cause("follows from what starts before it in its namespace")]
        elif rendered != value:
            explained = [Cause("follows from a patch")] if generated else [Cause(f"comes from {asked_by}")]
        elif first != value:
            explained = [Cause("follows from all domains together")]
        else:
            explained = causes.get(at) or [FIXED]
            if is_long(value):
                by_line = (causes.get((*at, number)) or [FIXED] for number in range(len(value.splitlines())))
                lines[path] = tuple(tuple(dict.fromkeys(line)) for line in by_line)
        values.append((path, value, tuple(dict.fromkeys(explained))))
    spans, removed = tuple(patch.span for patch in patches), tuple(_removed(patches, generated, final))
    return Explanation(identity, final, asked_by, spans, tuple(values), removed, lines)


def _removed(
    patches: Sequence[Patch], generated: Mapping[Place, tuple[DataPath, Any]], final: Object
) -> Iterator[tuple[str, Span]]:
    """Yield the rendered values that are gone, each with the patch that removed it."""
    left = _by_place(final)
    for place in sorted({place for place, _ in generated.keys() - left.keys()}):
        spans = [span for patch in patches if (span := patch.changes(place))]
        if spans:
            yield place, spans[-1]


def _by_place(manifest: Object) -> dict[Place, tuple[DataPath, Any]]:
    """Return the scalars of an object by their place: a patch that adds an item to a list moves the others."""
    values: dict[Place, tuple[DataPath, Any]] = {}
    times = Counter[str]()
    for path, value in scalars(manifest):
        place = show_place(path, manifest)
        values[place, times[place]] = path, value
        times[place] += 1
    return values


def _causes(
    question: Question, baseline: Object, run: Run, only: Callable[[Span | None], bool] | None = None
) -> Causes:
    """Return the causes of each value of an object: what documents say, and what they leave at its default."""
    sources, scope = question.sources, question.scope
    own = [*of_platform(sources, question.environment), *of_domain(sources, scope)]
    other_domains = [of_domain(sources, name) for name in sources.domains if name != scope]
    groups = (
        *_few(written(question, own)),
        *(tuple(written(question, documents)) for documents in other_domains),
        *_few(left_out(_with_inherited(sources, own))),
        *(tuple(left_out(documents)) for documents in other_domains),
        *map(tuple, defaults(question)),
    )
    causes: Causes = {}
    disabling = {(file, path) for key in question.needed for file, path in switches_of(question, *key)}
    setting_groups = (
        tuple(
            setting
            for setting in group
            if (setting.file, setting.path) not in disabling and (only is None or only(setting.cause.span))
        )
        for group in groups
    )
    for changes in run(partial(_effects_of, question, baseline), filter(None, setting_groups)):
        for changed, cause in changes:
            causes.setdefault(changed, []).append(cause)
    return causes


def _with_inherited(sources: Sources, documents: Iterable[Document]) -> Iterator[Document]:
    """Yield documents without the parents of the manifest, and the manifest with what it takes over from them."""
    inherited = merge(manifest_layers(sources)).data
    for document in documents:
        if document not in sources.parents:
            yield replace(document, data=inherited) if document == sources.manifest else document


def _few(settings: Iterable[Setting]) -> Iterator[tuple[Setting, ...]]:
    """Yield groups of a few settings."""
    waiting = iter(settings)
    while few := tuple(islice(waiting, FEW)):
        yield few


def _effects_of(question: Question, baseline: Object, settings: Sequence[Setting]) -> ValueCauses:
    """Return what each of some settings changes in an object."""
    candidates = [without_choice(question, setting) for setting in settings]
    chosen = {id(setting) for setting in relevant(question, candidates)}
    return [
        (changed, setting.cause)
        for setting in candidates
        if id(setting) in chosen
        for changed in effects(question, setting, baseline)
    ]
