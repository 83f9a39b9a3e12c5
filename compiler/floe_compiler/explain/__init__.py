"""Finds which inputs the values of a rendered object come from.

A namespace's objects are a pure function of the inputs. So `explain` changes one written value at a time, renders
again, and compares the object. A normal compilation needs to record nothing for this, and the answer is correct
whatever a component does with its settings.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from floe_compiler.explain.question import Question
from floe_compiler.explain.unwritten import unwritten
from floe_compiler.explain.variations import differences, scalars, variations, with_value
from floe_compiler.model.data_paths import show_place
from floe_compiler.model.diagnostics import StageFailed
from floe_compiler.model.document import DataPath, Document, show_path
from floe_compiler.model.inputs import DataProduct, Domain, Environment, Input, PlatformManifest, ProductImages
from floe_compiler.model.objects import Object, ObjectId, identify
from floe_compiler.model.plan import SHARED
from floe_compiler.model.schema_words import DISCRIMINATOR
from floe_compiler.model.sources import DomainSource, Sources
from floe_compiler.model.span import Span
from floe_compiler.model.value_spans import Patch
from floe_compiler.resolve.layers import Merged
from floe_compiler.resolve.product_overrides import Overrides, merged_product
from floe_compiler.resolve.scopes import domain_layers, domain_merged, platform_layers, platform_merged
from floe_compiler.resolve.slots import Registry, slot_path
from floe_compiler.synthesize.charts import WAVE

MODELS: Mapping[str, tuple[str, type[Input]]] = {
    "DataProduct": ("product", DataProduct),
    "Domain": ("domain", Domain),
    "Environment": ("environment", Environment),
    "PlatformManifest": ("platform", PlatformManifest),
    "ProductImages": ("images", ProductImages),
}
"""By the `kind` of a document: its name in messages, and its model."""

_IDENTITY = ("apiVersion", "kind")
_ABSENT = object()
_NOWHERE: tuple[DataPath, Any] = ((), _ABSENT)


class Cause(msgspec.Struct, frozen=True, order=True):
    """The cause of a value: a written value at `span`, or, without a span, what `what` says."""

    what: str
    span: Span | None = None
    overrides: tuple[tuple[str, Span | None], ...] = ()
    """The overridden values as text, with their locations (None: a scale's default)."""


Causes = dict[DataPath, list[Cause]]


class Explanation(msgspec.Struct, frozen=True):
    """The scalars of one object, each with its causes."""

    identity: ObjectId
    manifest: Object
    asked_by: str
    patches: tuple[Span, ...]
    """The patches that changed the object."""

    values: tuple[tuple[DataPath, Any, tuple[Cause, ...]], ...]
    removed: tuple[tuple[str, Span], ...] = ()
    """The values that a patch removed, by their path as messages show it."""


def explain(
    sources: Sources, registry: Registry, environment: str, final: Object, patches: Sequence[Patch], asked_by: str
) -> Explanation:
    """Return the causes of each value of the rendered object `final`.

    `patches` are the patches that changed it. `asked_by` is the location or component that it comes from.
    """
    identity = identify(final)
    question = Question(sources, registry, environment, identity)
    causes: Causes = {}
    baseline = question.baseline
    if baseline is not None:
        _from_documents(question, baseline, causes)
        _from_left_out(question, baseline, causes)
        _from_defaults(question, baseline, causes)
    generated = _by_place(question.generated or {})
    sampled = _by_place(baseline or {})
    values = []
    for path, value in scalars(final):
        place = show_place(path, final)
        _, rendered = generated.get(place, _NOWHERE)
        at, first = sampled.get(place, _NOWHERE)
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
            explained = causes.get(at) or [Cause("fixed by the component or the compiler")]
        values.append((path, value, tuple(dict.fromkeys(explained))))
    spans = tuple(patch.span for patch in patches)
    return Explanation(identity, final, asked_by, spans, tuple(values), tuple(_removed(patches, generated, final)))


def _removed(
    patches: Sequence[Patch], generated: Mapping[str, tuple[DataPath, Any]], final: Object
) -> Iterator[tuple[str, Span]]:
    """Yield the rendered values that are no more there, each with the patch that removed it."""
    left = _by_place(final)
    for place in sorted(generated.keys() - left.keys()):
        spans = [span for patch in patches if (span := patch.changes(place))]
        if spans:
            yield place, spans[-1]


def _by_place(manifest: Object) -> dict[str, tuple[DataPath, Any]]:
    """Return the scalars of an object by their place: a patch that adds an item to a list moves the others."""
    return {show_place(path, manifest): (path, value) for path, value in scalars(manifest)}


def _documents(question: Question) -> Iterator[Document]:
    sources = question.sources
    yield sources.manifest
    yield sources.environments[question.environment]
    if question.environment in sources.images:
        yield sources.images[question.environment]
    scope = question.scope
    for name, source in sources.domains.items():
        if name == scope:
            yield source.document
            yield from source.products.values()


def _with_document(sources: Sources, document: Document) -> Sources:
    """Return the sources with a changed document in place of its file's."""
    if document.file == sources.manifest.file:
        return replace(sources, manifest=document)
    environments, images = (
        {name: document if other.file == document.file else other for name, other in documents.items()}
        for documents in (sources.environments, sources.images)
    )
    domains = {
        name: DomainSource(
            document if domain.document.file == document.file else domain.document,
            {key: document if each.file == document.file else each for key, each in domain.products.items()},
        )
        for name, domain in sources.domains.items()
    }
    return replace(sources, environments=environments, images=images, domains=domains)


def _from_documents(question: Question, baseline: Object, causes: Causes) -> None:
    """Change each written value, and record what changes in the object."""
    overridden = _overridden(question)
    for document in _documents(question):
        for path, value in scalars(document.data):
            if path[0] in _IDENTITY:
                continue
            span = document.span(path)
            cause = Cause(show_path(path), span, overridden.get(span, ()))
            for changed in _effects(question, document, path, value, baseline):
                causes.setdefault(changed, []).append(cause)


def _from_left_out(question: Question, baseline: Object, causes: Causes) -> None:
    """Set what the documents leave out to other values than the default, and record what changes in the object."""
    for document in _documents(question):
        kind, model = MODELS[document.data["kind"]]
        for path, value in unwritten(model, document.data):
            cause = Cause(f"default of {show_path(path)} ({kind})")
            for changed in _effects(question, document, path, value, baseline):
                causes.setdefault(changed, []).append(cause)


def _merged(question: Question) -> Mapping[str, Merged]:
    """Return the settings of the platform, and those of the object's domain, if it has one, and of its products."""
    sources, environment = question.sources, question.sources.environments[question.environment]
    scale = environment.data.get("scale", "light")
    layers = platform_layers(sources.manifest, environment)
    # A domain's objects also depend on the platform's settings: registries, secrets, versions.
    merged = dict.fromkeys(SHARED, platform_merged(question.registry, scale, layers))
    scope = question.scope
    if scope in sources.domains:
        own = domain_layers(sources.domains[scope], environment, scope)
        merged[scope] = domain_merged(question.registry, scale, layers, own)
        overrides = Overrides.of(sources, environment, question.environment)
        for name, document in sources.domains[scope].products.items():
            merged[f"{scope}/{name}"] = merged_product(document, overrides.layers(scope, name))
    return merged


def _overridden(question: Question) -> Mapping[Span, tuple[tuple[str, Span | None], ...]]:
    """Return the values that each written value overrides, by its location."""
    return {
        winner.span: tuple((json.dumps(value.value), value.span) for value in weaker)
        for merged in _merged(question).values()
        for winner, *weaker in merged.origins.values()
        if winner.span and weaker
    }


def _effects(
    question: Question, document: Document, path: DataPath, value: Any, baseline: Object
) -> frozenset[DataPath]:
    for other in variations(value, question.closed):
        for data in _with_other(document.data, path, other):
            changed = replace(document, data=data)
            try:
                after = question.render(_with_document(question.sources, changed), str(value), str(other))
            except (StageFailed, ValueError):
                continue
            # If the object disappears, the setting determines whether it exists.
            return differences(baseline, after) if after is not None else frozenset({("kind",)})
    return frozenset()


def _with_other(data: Any, path: DataPath, value: Any) -> Iterator[Any]:
    """Yield the data with another value; for another type also without the settings beside it, as it has its own."""
    yield with_value(data, path, value)
    if path[-1] == DISCRIMINATOR and len(path) > 1:
        yield with_value(data, path[:-1], {DISCRIMINATOR: value})


class _Default(msgspec.Struct, frozen=True):
    """A setting that no document writes: its path in the environment, its default, and how it is called."""

    path: DataPath
    value: Any
    cause: Cause
    items: tuple[DataPath, Any] | None = None
    """The path and the default of the list that it is in, if it is in one."""

    def varied(self, data: Any, value: Any) -> Any:
        """Return the data of the environment with another value of the setting."""
        return with_value(with_value(data, *self.items) if self.items else data, self.path, value)


def _from_defaults(question: Question, baseline: Object, causes: Causes) -> None:
    """Write each setting of a component that no document writes into the environment, and record what changes."""
    merged = _merged(question)
    environment = question.sources.environments[question.environment]
    for component, scope, settings in question.components():
        above = slot_path(component.slot)
        where: DataPath = (*(("platform",) if scope in SHARED else ("domains", scope)), *above)
        defaults = [
            _Default(
                (*where, *path),
                value,
                Cause(f"default of {component.slot}.{show_path(path)} ({component.type})"),
                _list_of(settings, path, where),
            )
            for path, value in scalars(settings)
            if scope not in merged or not _is_written(merged[scope], (*above, *path))
        ]
        for default in _relevant(question, environment, defaults, baseline):
            document = replace(environment, data=default.varied(environment.data, default.value))
            for changed in _effects(question, document, default.path, default.value, baseline):
                causes.setdefault(changed, []).append(default.cause)


def _relevant(
    question: Question, environment: Document, defaults: Sequence[_Default], baseline: Object
) -> Iterator[_Default]:
    """Yield the settings that may change the object: halves of them are changed at once, as most change nothing."""
    data = environment.data
    for default in defaults:
        data = default.varied(data, next(variations(default.value, question.closed), default.value))
    sources = _with_document(question.sources, replace(environment, data=data))
    if not defaults or (len(defaults) > 1 and _same(question, sources, baseline)):
        return
    if len(defaults) == 1:
        yield defaults[0]
        return
    middle = len(defaults) // 2
    for half in (defaults[:middle], defaults[middle:]):
        yield from _relevant(question, environment, half, baseline)


def _same(question: Question, sources: Sources, baseline: Object) -> bool:
    try:
        return question.render(sources) == baseline
    except (StageFailed, ValueError):
        return False


def _list_of(settings: Any, path: DataPath, where: DataPath) -> tuple[DataPath, Any] | None:
    """Return the list that a setting is in, with its path."""
    for end, step in enumerate(path):
        if isinstance(step, int):
            return (*where, *path[:end]), settings
        settings = settings[step]
    return None


def _is_written(settings: Merged, path: DataPath) -> bool:
    """Return whether a document gives the value at a path, and not only a scale or the component itself."""
    leaf = next((path[:end] for end in range(len(path), 0, -1) if path[:end] in settings.origins), None)
    return leaf is not None and settings.origins[leaf][0].span is not None
