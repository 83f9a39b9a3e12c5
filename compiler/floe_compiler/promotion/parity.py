"""How two environments differ: each setting that is written for one of them and not for the other, or differently.

Compared is what documents say together, with overrides applied, and not what comes of it: a default that follows from
the scale is not listed, as the scale is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from floe_compiler.model.document import DataPath, Document, show_path
from floe_compiler.model.input_files import InputFiles
from floe_compiler.model.parity import Difference, Group, WrittenValue
from floe_compiler.model.sources import Sources
from floe_compiler.model.span import Span
from floe_compiler.promotion.selection import Side
from floe_compiler.resolve.layers import Layer, Merged, merge
from floe_compiler.resolve.product_overrides import DOMAINS, ENABLED, STEPS, merged_product
from floe_compiler.resolve.rollout import ROLLOUT
from floe_compiler.resolve.scopes import IDENTITY, domain_layers, platform_layers

_PLATFORM = "platform"
_LEFT_OUT = frozenset({*IDENTITY, _PLATFORM, DOMAINS, ENABLED, "environments"}) - {ROLLOUT}
"""What is compared elsewhere, or is not a setting."""

_SIZES = frozenset({"quota", "replicas", "resources", "scale", "size", "storage"})
_PLACES = frozenset(
    {"account", "bucket", "cidr", "container", "domain", "endpoint", "host", "hosts", "issuer", "mirrors", "project"}
    | {"placement", "pull_secret", "region", "role", "secret", "server", "storage_class", "url"}
)
_ENDS_OF_PLACES = ("_bucket", "_cidr", "_host", "_namespace", "_role", "_secret", "_url")
_OWN_FILES = ("environment.yaml", "images.yaml")

Settings = Mapping[DataPath, WrittenValue]


def parity(files: InputFiles, sources: Sources, first: Side, second: Side) -> tuple[Difference, ...]:
    """Return how two environments differ, by group and subject.

    Args:
        files: All input files, for those that are hand-written.
        sources: All documents, which are valid.
        first: An environment.
        second: Another one.
    """
    sides = (first, second)
    documents = (sources.environments[first.name], sources.environments[second.name])
    platforms = [_settings(merge(platform_layers(sources, document))) for document in documents]
    own = [_settings(merge([Layer(document.file, document.data, document)])) for document in documents]
    return (
        *_of_products(sources, sides),
        *_of_domains(sources, sides, documents),
        *_compared("platform", "platform", *platforms),
        *_compared("places", "environment", *own),
        *_of_files(files, first.name, second.name),
    )


def _of_products(sources: Sources, sides: tuple[Side, Side]) -> Iterator[Difference]:
    for domain in sorted(sides[0].domains & sides[1].domains):
        source = sources.domains[domain]
        for name, document in sorted(source.products.items()):
            subject, key = f"{domain}/{name}", (domain, name)
            lacking = [side.lacks(key, document, source.document) for side in sides]
            if all(lacking):
                continue
            if any(lacking):
                here = WrittenValue(True, document.span(()))
                yield Difference(
                    "products",
                    subject,
                    "",
                    *(WrittenValue(False, absence[1]) if absence else here for absence in lacking),
                )
                continue
            merged = [merged_product(document, side.overrides.layers(*key)) for side in sides]
            yield from _compared("products", subject, *map(_settings, merged))


def _of_domains(
    sources: Sources, sides: tuple[Side, Side], documents: tuple[Document, Document]
) -> Iterator[Difference]:
    for domain in sorted(sides[0].domains | sides[1].domains):
        source = sources.domains[domain]
        layers = [domain_layers(source, document, domain) for document in documents]
        presence = [domain in side.domains for side in sides]
        if all(presence):
            yield from _compared("domains", domain, *(_settings(merge(side_layers)) for side_layers in layers))
        else:
            spans = (merge(side_layers).span(("environments",)) or source.document.span(()) for side_layers in layers)
            first, second = (WrittenValue(*pair) for pair in zip(presence, spans, strict=True))
            yield Difference("domains", domain, "", first, second)


def _of_files(files: InputFiles, first: str, second: str) -> Iterator[Difference]:
    """Yield the hand-written files of the overlays that only one has, or that have other lines."""
    sides = [
        {
            path.removeprefix(folder): content
            for path, content in files.contents.items()
            if path.startswith(folder) and path.removeprefix(folder) not in _OWN_FILES
        }
        for folder in (f"overlays/{first}/", f"overlays/{second}/")
    ]
    for path in sorted({*sides[0], *sides[1]}):
        before, after = (texts.get(path) for texts in sides)
        if before != after:
            line = _first_other_line(before, after)
            spans = (Span(f"overlays/{name}/{path}", line) for name in (first, second))
            is_there = (before is not None, after is not None)
            value = "other lines" if all(is_there) else True
            written = (
                WrittenValue(value, span) if there else None for there, span in zip(is_there, spans, strict=True)
            )
            yield Difference("files", path, "", *written)


def _first_other_line(before: Any, after: Any) -> int:
    """Return the number of the first line in which two files differ; 1 if one of them is missing or was not read."""
    if not (isinstance(before, bytes) and isinstance(after, bytes)):
        return 1
    pairs = zip(before.splitlines(), after.splitlines(), strict=False)
    same = next((number for number, (first, second) in enumerate(pairs) if first != second), None)
    return (min(len(before.splitlines()), len(after.splitlines())) if same is None else same) + 1


def _settings(merged: Merged) -> Settings:
    """Return each written value by its path."""
    names: dict[str | int, str] = {index: step["name"] for index, step in enumerate(merged.data.get(STEPS) or ())}
    return {
        _with_name(path, names): WrittenValue(origins[0].value, span)
        for path, origins in merged.origins.items()
        if path[0] not in _LEFT_OUT and (span := origins[0].span)
    }


def _with_name(path: DataPath, names: Mapping[str | int, str]) -> DataPath:
    """Return the path of a setting of a step with the name of the step in place of its index."""
    if path[0] != STEPS or len(path) == 1:
        return path
    return STEPS, names.get(path[1], path[1]), *path[2:]


def _compared(group: Group, subject: str, first: Settings, second: Settings) -> Iterator[Difference]:
    for path in dict.fromkeys((*first, *second)):
        ours, theirs = first.get(path), second.get(path)
        if ours is None or theirs is None or ours.value != theirs.value:
            yield Difference(_group(group, path), subject, show_path(path), ours, theirs)


def _group(group: Group, path: DataPath) -> Group:
    words = [str(step) for step in path]
    if words[0] == ROLLOUT:
        return "platform"
    if any(word in _SIZES for word in words[-1:]) or {"quota", "replicas", "resources"} & set(words):
        return "scale"
    if group != "products" and any(word in _PLACES or word.endswith(_ENDS_OF_PLACES) for word in words):
        return "places"
    return group
