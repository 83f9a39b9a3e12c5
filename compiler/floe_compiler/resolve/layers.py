"""Layers of plain data, merged with the origin of every leaf kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from floe_compiler.model.document import DataPath, Document
from floe_compiler.model.schema_words import DISCRIMINATOR
from floe_compiler.model.span import Span


class Layer(msgspec.Struct, frozen=True):
    """One source of values. `document` is its file, in which it begins at `prefix`; None if it comes from no file."""

    name: str
    data: Mapping[Any, Any]
    document: Document | None = None
    prefix: DataPath = ()
    moved: Mapping[DataPath, DataPath] = msgspec.field(default_factory=dict)
    """Parts of the data that have another path in the document, below the prefix."""

    def span(self, path: DataPath) -> Span | None:
        """Return where the value at `path` of this layer was written."""
        return self.document.span(self._written(path)) if self.document else None

    def key_span(self, path: DataPath) -> Span | None:
        """Return where the key at `path` of this layer was written."""
        return self.document.key_span(self._written(path)) if self.document else None

    def raw(self, path: DataPath) -> str:
        """Return the source text of the scalar at `path`; empty if it is the same as its value."""
        return self.document.raw.get(self._written(path), "") if self.document else ""

    def _written(self, path: DataPath) -> DataPath:
        """Return the path in the document."""
        lengths = (length for length in range(len(path), 0, -1) if path[:length] in self.moved)
        length = next(lengths, 0)
        return self.prefix + (self.moved[path[:length]] if length else ()) + path[length:]


class Origin(msgspec.Struct, frozen=True):
    """The value that a layer gives one leaf."""

    layer: Layer
    path: DataPath
    value: Any

    @property
    def span(self) -> Span | None:
        """Return its location; None if it comes from no file."""
        return self.layer.span(self.path)


class Merged(msgspec.Struct, frozen=True):
    """Merged data, and for each leaf its origins: the winner first, then the overridden ones."""

    data: Mapping[Any, Any]
    origins: Mapping[DataPath, tuple[Origin, ...]] = msgspec.field(default_factory=dict)

    def origin(self, path: DataPath) -> Origin | None:
        """Return the winner at `path`, at its first leaf below, or at the nearest leaf above that is a whole list.

        Of the leaves below, one that somebody wrote counts first: the others are defaults, which are in no file.
        """
        if path in self.origins:
            return self.origins[path][0]
        below = [origins[0] for leaf, origins in self.origins.items() if leaf[: len(path)] == path]
        if below:
            return next((origin for origin in below if origin.layer.document), below[0])
        return self.origin(path[:-1]) if path else None

    def span(self, path: DataPath) -> Span | None:
        """Return where the value at `path` was written, or the nearest thing above it."""
        origin = self.origin(path)
        if origin is None:
            return None
        return origin.layer.span(path) or origin.span

    def key_span(self, path: DataPath) -> Span | None:
        """Return where the key at `path` was written, or the nearest thing above it."""
        origin = self.origin(path)
        return origin.layer.key_span(path) if origin else None


def leaves(data: Any, path: DataPath = ()) -> Iterator[tuple[DataPath, Any]]:
    """Yield every leaf of a mapping with its path: scalars, lists as a whole, and empty mappings."""
    if data and isinstance(data, dict):
        for key, value in data.items():
            yield from leaves(value, (*path, key))
    elif path:
        yield path, data


def merge(layers: Iterable[Layer]) -> Merged:
    """Merge layers, the weakest first: mappings key by key, anything else replaced whole.

    A mapping that changes its `type` means another thing: the settings of weaker layers for the former are dropped,
    as if the stronger layer had replaced the mapping.
    """
    data: dict[Any, Any] = {}
    origins: dict[DataPath, tuple[Origin, ...]] = {}
    for layer in layers:
        for path in _replaced(data, layer.data):
            _drop(data, origins, path)
        _put(data, origins, layer, layer.data)
    return Merged(data, origins)


def beneath(weakest: Layer, merged: Merged) -> Merged:
    """Return the merged data over one more, weaker layer, which a change of type does not drop."""
    completed = merge([weakest, Layer("", merged.data)])
    origins = {
        path: (*merged.origins.get(path, ()), *(origin for origin in origins_of_leaf if origin.layer is weakest))
        for path, origins_of_leaf in completed.origins.items()
    }
    return Merged(completed.data, origins)


def _replaced(data: Mapping[Any, Any], stronger: Mapping[Any, Any], path: DataPath = ()) -> Iterator[DataPath]:
    """Yield the paths of mappings that change their type."""
    for key, value in stronger.items():
        weaker = data.get(key)
        if not isinstance(value, dict) or not isinstance(weaker, dict):
            continue
        if DISCRIMINATOR in value and value[DISCRIMINATOR] != weaker.get(DISCRIMINATOR, value[DISCRIMINATOR]):
            yield (*path, key)
        else:
            yield from _replaced(weaker, value, (*path, key))


def _drop(data: dict[Any, Any], origins: dict[DataPath, tuple[Origin, ...]], path: DataPath) -> None:
    """Empty the mapping at `path`; only its type keeps the overridden origins."""
    parent = data
    for step in path[:-1]:
        parent = parent[step]
    parent[path[-1]] = {}
    type_path = (*path, DISCRIMINATOR)
    for leaf in [leaf for leaf in origins if leaf[: len(path)] == path and leaf != type_path]:
        del origins[leaf]


def _put(
    data: dict[Any, Any],
    origins: dict[DataPath, tuple[Origin, ...]],
    layer: Layer,
    stronger: Mapping[Any, Any],
    above: DataPath = (),
) -> None:
    """Set the leaves of a mapping of a layer, replacing any value there or above them.

    An empty mapping over a mapping has no effect: there is no key to merge.
    """
    for key, value in stronger.items():
        path, weaker = (*above, key), data.get(key)
        is_mapping = isinstance(value, dict)
        if is_mapping and value:
            if not weaker or not isinstance(weaker, dict):  # a leaf so far
                origins.pop(path, None)
                weaker = data[key] = {}
            _put(weaker, origins, layer, value, path)
        elif not (is_mapping and weaker and isinstance(weaker, dict)):
            if isinstance(weaker, dict):
                for leaf in [leaf for leaf in origins if leaf[: len(path)] == path and leaf != path]:
                    del origins[leaf]
            data[key] = {} if is_mapping else value
            origins[path] = (Origin(layer, path, value), *origins.get(path, ()))
