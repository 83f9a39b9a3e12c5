"""Where the values of a rendered object come from.

A namespace's objects are a pure function of what is written. So the question is put to that function itself: change
one written value at a time, render again, and see what in the object changes. Nothing has to be carried along during
a normal compilation for it, and the answer holds for whatever a component does with its settings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError

from floe_compiler.explain.variations import differences, replaced, scalars, variations, words
from floe_compiler.model.diagnostics import StageFailed
from floe_compiler.model.document import DataPath, Document, show_path
from floe_compiler.model.objects import Object, ObjectId, identify
from floe_compiler.model.plan import PLATFORM, Context, UnitPlan
from floe_compiler.model.sources import DomainSource, Sources
from floe_compiler.model.span import Span
from floe_compiler.resolve import resolve
from floe_compiler.resolve.schemas import schemas
from floe_compiler.resolve.slots import Registry
from floe_compiler.synthesize.unit import render_unit

SAMPLE = 3
"""Of so many domains the platform's objects are rendered when asked about: how they list domains is all alike."""

_JOB_HASH = re.compile(r"-[0-9a-f]{8}$")
_IDENTITY = ("apiVersion", "kind")


@dataclass(frozen=True, order=True, slots=True)
class Cause:
    """What a value follows from: a written value at `span`, or (without one) what `what` names."""

    what: str
    span: Span | None = None


Causes = dict[DataPath, list[Cause]]


@dataclass(frozen=True, slots=True)
class Explanation:
    """The scalars of one object, each with what it follows from."""

    identity: ObjectId
    asked_by: str
    values: tuple[tuple[DataPath, Any, tuple[Cause, ...]], ...]


def explain(
    sources: Sources, registry: Registry, environment: str, final: Object, patches: Sequence[Span], asked_by: str
) -> Explanation:
    """Return what each value of the rendered object `final` follows from.

    `patches` are the authored patches that touched it, `asked_by` is the place or component that the object is due to.
    """
    identity = identify(final)
    question = _Question(sources, registry, environment, identity)
    causes: Causes = {}
    baseline = question.baseline
    if baseline is not None:
        _from_documents(question, baseline, causes)
        _from_defaults(question, baseline, causes)
    values = [(path, value, _causes_of(path, value, baseline, causes, patches)) for path, value in scalars(final)]
    return Explanation(identity, asked_by, tuple(values))


def _causes_of(
    path: DataPath, value: Any, baseline: Object | None, causes: Causes, patches: Sequence[Span]
) -> tuple[Cause, ...]:
    before = dict(scalars(baseline)) if baseline is not None else {}
    if baseline is None or before.get(path) != value or path not in before:
        return tuple(Cause("patched", span) for span in patches) or (Cause("written by hand in base/ or overlays/"),)
    return tuple(dict.fromkeys(causes.get(path, ()))) or (Cause("fixed by the component or the compiler"),)


class _Question:
    """One object of one environment, and the means to render it from changed documents."""

    def __init__(self, sources: Sources, registry: Registry, environment: str, identity: ObjectId) -> None:
        self.registry, self.environment, self.identity = registry, environment, identity
        self.closed = tuple(dict.fromkeys(words(schemas(registry))))
        self.unit = self._find(sources)
        self.sources = reduced(sources, self.unit.scope) if self.unit else sources
        self.baseline = self.render(self.sources) if self.unit else None

    def _find(self, sources: Sources) -> UnitPlan | None:
        plans, _ = resolve(sources, self.registry, (self.environment,))
        return next((unit for unit in plans[0].units if unit.namespace == self.identity.namespace), None)

    def unit_plan(self, sources: Sources) -> UnitPlan | None:
        """Return the plan of the object's namespace as changed documents would have it."""
        plans, _ = resolve(sources, self.registry, (self.environment,))
        scope = self.unit.scope if self.unit else PLATFORM
        return next((unit for unit in plans[0].units if unit.scope == scope), None)

    def render(self, sources: Sources) -> Object | None:
        """Return the object as changed documents would have it; None if there would be none."""
        unit = self.unit_plan(sources)
        return self.pick(unit) if unit else None

    def pick(self, unit: UnitPlan) -> Object | None:
        """Return the object from a namespace's plan; a Job keeps its name but for the hash."""
        wanted = self._key(self.identity)
        return next((one for one in render_unit(unit).objects if self._key(identify(one)) == wanted), None)

    @staticmethod
    def _key(identity: ObjectId) -> tuple[str, str, str]:
        name = _JOB_HASH.sub("", identity.name) if identity.kind == "Job" else identity.name
        return identity.group, identity.kind, name


def reduced(sources: Sources, scope: str) -> Sources:
    """Return as few documents as the namespace of `scope` is still rendered alike from."""
    if scope == PLATFORM:
        return replace(sources, domains=dict(sorted(sources.domains.items())[:SAMPLE]))
    kept: dict[str, DomainSource] = {}
    waiting = [scope]
    while waiting:
        name = waiting.pop()
        if name in kept or name not in sources.domains:
            continue
        kept[name] = sources.domains[name]
        for document in kept[name].products.values():
            waiting += [str(one["domain"]) for one in document.data.get("inputs") or () if "domain" in one]
    return replace(sources, domains=dict(sorted(kept.items())))


def _documents(question: _Question) -> Iterator[Document]:
    sources = question.sources
    yield sources.manifest
    yield sources.environments[question.environment]
    scope = question.unit.scope if question.unit else PLATFORM
    for name, source in sources.domains.items():
        if name == scope:
            yield source.document
            yield from source.products.values()


def _with_document(sources: Sources, document: Document) -> Sources:
    """Return the sources with a changed document in its file's place."""
    if document.file == sources.manifest.file:
        return replace(sources, manifest=document)
    environments = {name: document if one.file == document.file else one for name, one in sources.environments.items()}
    domains = {
        name: DomainSource(
            document if one.document.file == document.file else one.document,
            {key: document if each.file == document.file else each for key, each in one.products.items()},
        )
        for name, one in sources.domains.items()
    }
    return replace(sources, environments=environments, domains=domains)


def _from_documents(question: _Question, baseline: Object, causes: Causes) -> None:
    """Change each written value, and note what of the object changes with it."""
    for document in _documents(question):
        for path, value in scalars(document.data):
            if path[0] in _IDENTITY:
                continue
            cause = Cause(show_path(path), document.span(path))
            for changed in _effects(question, document, path, value, baseline):
                causes.setdefault(changed, []).append(cause)


def _effects(
    question: _Question, document: Document, path: DataPath, value: Any, baseline: Object
) -> frozenset[DataPath]:
    for other in variations(value, question.closed):
        changed = replace(document, data=replaced(document.data, path, other))
        try:
            after = question.render(_with_document(question.sources, changed))
        except (StageFailed, ValueError):
            continue
        if after is not None:
            return differences(baseline, after)
    return frozenset()


def _from_defaults(question: _Question, baseline: Object, causes: Causes) -> None:
    """Change each setting that nobody wrote, and note what changes that no written value explains."""
    unit = question.unit_plan(question.sources)
    for index, (component, context) in enumerate(unit.contexts if unit else ()):
        for path, value in scalars(context.config.model_dump()):
            cause = Cause(f"default of {component.slot}.{show_path(path)} ({component.type})")
            for other in variations(value, question.closed):
                after = _with_config(question, unit, index, context, path, other)
                if after is None:
                    continue
                for changed in differences(baseline, after) - causes.keys():
                    causes.setdefault(changed, []).append(cause)
                break


def _with_config(
    question: _Question, unit: UnitPlan | None, index: int, context: Context[Any], path: DataPath, value: Any
) -> Object | None:
    """Return the object with another value of one component's setting; None if that cannot be."""
    try:
        config = type(context.config).model_validate(replaced(context.config.model_dump(), path, value))
        changed = replace(context, instance=replace(context.instance, config=config))
        contexts = [*unit.contexts] if unit else []
        contexts[index] = (contexts[index][0], changed)
        return question.pick(replace(unit, contexts=tuple(contexts))) if unit else None
    except (ValidationError, ValueError, LookupError):
        return None
