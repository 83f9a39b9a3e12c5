"""The settings that an object may follow from: what documents say, and what they leave at its default."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from floe_compiler.explain.documents import MODELS, document_of, with_document
from floe_compiler.explain.question import Question
from floe_compiler.explain.unwritten import examples, unwritten
from floe_compiler.explain.variations import scalars, variations, without_value
from floe_compiler.model.document import DataPath, Document, show_path
from floe_compiler.model.explanation import Cause
from floe_compiler.model.nested_fields import at, with_value
from floe_compiler.model.plan import SHARED
from floe_compiler.model.schema_words import DISCRIMINATOR
from floe_compiler.model.sources import Sources
from floe_compiler.model.span import Span
from floe_compiler.resolve.layers import Merged
from floe_compiler.resolve.product_overrides import ENABLED, Overrides, merged_product
from floe_compiler.resolve.rollout import inherited_layers
from floe_compiler.resolve.scopes import (
    IDENTITY,
    PRODUCTS,
    domain_layers,
    domain_merged,
    platform_layers,
    platform_merged,
)
from floe_compiler.resolve.slots import DERIVED, slot_path

_UNREAD = ("apiVersion", "kind", "extends", "limits")
"""Keys that no object depends on."""

Overridden = Mapping[Span, tuple[tuple[str, Span | None], ...]]
"""By the location of a value: those that it overrides as text, with their locations."""


class Setting(msgspec.Struct, frozen=True):
    """A value that can be varied, where it is or could be written, and the cause that it would be."""

    file: str
    path: DataPath
    value: Any
    cause: Cause
    examples: tuple[Any, ...] = ()
    """What to try if there is no value."""

    items: tuple[DataPath, Any] | None = None
    """The path and the default of the list that it is in, if no document writes that."""

    stronger: tuple[tuple[str, DataPath], ...] = ()
    """Where stronger layers could write the same setting: the file and the path."""

    is_passed_on: bool = False
    """Whether it chooses nothing: any text may stand there, or its document is only handed to a program (a model of a
    semantic layer)."""

    def other_values(self, closed: Iterable[tuple[str, ...]]) -> Iterator[Any]:
        """Yield other values."""
        return iter(self.examples) if self.value is None else variations(self.value, closed)

    def varied(self, sources: Sources, value: Any) -> Sources:
        """Return the sources with another value."""
        sources = _written(sources, self.file, *self.items) if self.items else sources
        return _written(sources, self.file, self.path, value)

    def variants(self, sources: Sources, value: Any) -> Iterator[Sources]:
        """Yield the sources with another value; for another type also without settings of the former one, if any."""
        varied = self.varied(sources, value)
        yield varied
        if self.path[-1] == DISCRIMINATOR and len(self.path) > 1:
            changed = _written(sources, self.file, self.path[:-1], {DISCRIMINATOR: value})
            weaker = document_of(sources, self.file).data
            for file, path in self.stronger:
                document = document_of(changed, file)
                if _refines(document.data, path[:-1], weaker, self.path[:-1]):
                    changed = with_document(changed, replace(document, data=without_value(document.data, path[:-1])))
            if changed != varied:
                yield changed


def _refines(stronger: Any, path: DataPath, weaker: Any, below: DataPath) -> bool:
    """Return whether a layer says more of a mapping without choosing another type for it, or for one that it is in.

    Args:
        stronger: The document of the layer.
        path: The path of the mapping there.
        weaker: The document that chooses the type.
        below: The path of the mapping there, with which `path` ends.
    """
    for end in range(1, len(below) + 1):
        above = at(stronger, path[: len(path) - len(below) + end])
        if not isinstance(above, Mapping):
            return False
        kind = at(weaker, (*below[:end], DISCRIMINATOR))
        if DISCRIMINATOR in above and (end == len(below) or above[DISCRIMINATOR] != kind):
            return False
    return True


def written(question: Question, documents: Iterable[Document]) -> Iterator[Setting]:
    """Yield the values that documents write."""
    overridden = _overridden(question)
    for document in documents:
        is_passed_on = document.data.get("kind") not in MODELS
        for path, value in scalars(document.data):
            if path[0] not in (IDENTITY if document in question.sources.parents else _UNREAD):
                span = document.span(path)
                cause = Cause(show_path(path), span, overridden.get(span, ()))
                stronger = _stronger(question, document, path)
                yield Setting(document.file, path, value, cause, stronger=stronger, is_passed_on=is_passed_on)


def without_choice(question: Question, setting: Setting) -> Setting:
    """Return a setting as one that chooses nothing if its value is a word of a closed list only by chance."""
    if not any(setting.value in words for words in question.closed):
        return setting
    another = setting.varied(question.sources, f"{setting.value}x")
    is_open = question.soundness.takes_any_text(setting.file, setting.path, another)
    return replace(setting, is_passed_on=True) if is_open else setting


def left_out(documents: Iterable[Document]) -> Iterator[Setting]:
    """Yield the defaults of what documents could have but do not."""
    for document in documents:
        if document.data.get("kind") not in MODELS:
            continue
        kind, model = MODELS[document.data["kind"]]
        for path, value in unwritten(model, document.data):
            cause = Cause(f"default of {show_path(path)} ({kind})")
            yield Setting(document.file, path, value, cause, examples=tuple(examples(model, path)))


def switches_of(question: Question, domain: str, product: str) -> Iterator[tuple[str, DataPath]]:
    """Yield where a product can be disabled, as file and path."""
    source = question.sources.domains.get(domain)
    if source and product in source.products:
        yield source.products[product].file, (ENABLED,)
    environment = question.sources.environments[question.environment]
    yield environment.file, ("domains", domain, PRODUCTS, product, ENABLED)


def defaults(question: Question) -> Iterator[list[Setting]]:
    """Yield the settings of each component that no document writes, as they could be written in the environment."""
    merged, file = _merged(question), question.sources.environments[question.environment].file
    for component, scope, settings in question.components():
        if component.slot == DERIVED:
            continue  # nobody can write it: it follows from the settings of others
        above = slot_path(component.slot)
        prefix: DataPath = (*(("platform",) if scope in SHARED else ("domains", scope)), *above)
        yield [
            Setting(
                file,
                (*prefix, *path),
                value,
                Cause(f"default of {component.slot}.{show_path(path)} ({component.type})"),
                examples=tuple(examples(component.config, path)),
                items=_list_of(settings, path, prefix),
            )
            for path, value in scalars(settings)
            if scope not in merged or not _is_written(merged[scope], (*above, *path))
        ]


def _written(sources: Sources, file: str, path: DataPath, value: Any) -> Sources:
    document = document_of(sources, file)
    return with_document(sources, replace(document, data=with_value(document.data, path, value)))


def _stronger(question: Question, document: Document, path: DataPath) -> tuple[tuple[str, DataPath], ...]:
    """Return where stronger layers could set what a manifest or a domain writes."""
    sources = question.sources
    manifests, environment = (
        [manifest.file for manifest in sources.manifests],
        sources.environments[question.environment],
    )
    is_manifest = document.file in manifests
    domains = [
        ("domains", name)
        for name, source in question.sources.domains.items()
        if is_manifest or source.document.file == document.file
    ]
    scopes: list[DataPath] = [*([("platform",)] if is_manifest else ()), *domains]
    children = manifests[manifests.index(document.file) + 1 :] if is_manifest else []
    return (*((file, path) for file in children), *((environment.file, (*scope, *path)) for scope in scopes))


def _merged(question: Question) -> Mapping[str, Merged]:
    """Return the settings of the platform, those of the domains, by scope, and those of their products."""
    sources, environment = question.sources, question.sources.environments[question.environment]
    scale = environment.data.get("scale", "light")
    layers = platform_layers(sources, environment)
    # A domain's objects also depend on the platform's settings: registries, secrets, versions.
    merged = dict.fromkeys(SHARED, platform_merged(question.registry, scale, layers))
    overrides = Overrides.of(sources, environment, question.environment)
    for name, source in sources.domains.items():
        own = domain_layers(source, environment, name)
        inherited = inherited_layers(layers, sources, environment, name)
        merged[name] = domain_merged(question.registry, scale, inherited, own)
        for product, document in source.products.items():
            merged[f"{name}/{product}"] = merged_product(document, overrides.layers(name, product))
    return merged


def _overridden(question: Question) -> Overridden:
    return {
        winner.span: tuple((json.dumps(value.value), value.span) for value in weaker)
        for merged in _merged(question).values()
        for winner, *weaker in merged.origins.values()
        if winner.span and weaker
    }


def _list_of(settings: Any, path: DataPath, prefix: DataPath) -> tuple[DataPath, Any] | None:
    """Return the list that a setting is in, with its path."""
    for end, step in enumerate(path):
        if isinstance(step, int):
            return (*prefix, *path[:end]), settings
        settings = settings[step]
    return None


def _is_written(settings: Merged, path: DataPath) -> bool:
    """Return whether a document gives the value at a path, and not only a scale or the component itself."""
    leaf = next((path[:end] for end in range(len(path), 0, -1) if path[:end] in settings.origins), None)
    return leaf is not None and settings.origins[leaf][0].span is not None
