"""Documents as bytes and back. The data is decoded immediately, the locations of keys and values on first use."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, TypeVar

import msgspec

from floe_compiler.model.codec import decode, encode
from floe_compiler.model.document import DataPath, Document
from floe_compiler.model.span import Span

Value = TypeVar("Value")
_Position = tuple[tuple[str | int, ...], int, int]


class _Places(msgspec.Struct, array_like=True):
    """Line and column of the keys and values, and the source text of values that are not strings."""

    keys: list[_Position]
    values: list[_Position]
    raw: list[tuple[tuple[str | int, ...], str]]


class _Entry(msgspec.Struct, array_like=True):
    file: str
    data: Any
    places: bytes


def packed(documents: tuple[Document, ...]) -> bytes | None:
    """Return documents as bytes; None if one has a number that MessagePack cannot encode."""
    try:
        return encode([_entry(document) for document in documents])
    except (OverflowError, TypeError):
        return None


@lru_cache(maxsize=4096)  # a program that compiles again and again finds most documents as they were, with their places
def unpacked(data: bytes) -> tuple[Document, ...] | None:
    """Decode documents, which nobody may change; return None if the bytes are not valid."""
    entries = decode(data, list[_Entry])
    return None if entries is None else tuple(map(_document, entries))


def _entry(document: Document) -> _Entry:
    keys, values = (
        [(path, span.line, span.column) for path, span in spans.items()] for spans in (document.keys, document.values)
    )
    return _Entry(document.file, document.data, encode(_Places(keys, values, list(document.raw.items()))))


def _document(entry: _Entry) -> Document:
    decoded: list[_Places] = []

    def places() -> _Places:
        if not decoded:
            decoded.append(decode(entry.places, _Places) or _Places([], [], []))
        return decoded[0]

    def spans(positions: list[_Position]) -> dict[DataPath, Span]:
        return {path: Span(entry.file, line, column) for path, line, column in positions}

    return Document(
        entry.file,
        entry.data,
        Lazy(lambda: spans(places().keys)),
        Lazy(lambda: spans(places().values)),
        Lazy(lambda: dict(places().raw)),
    )


class Lazy(Mapping[DataPath, Value]):
    """A mapping that is built on first access."""

    __slots__ = ("_make", "_value")

    def __init__(self, make: Callable[[], dict[DataPath, Value]]) -> None:
        self._make = make
        self._value: dict[DataPath, Value] | None = None

    def _mapping(self) -> dict[DataPath, Value]:
        if self._value is None:
            self._value = self._make()
        return self._value

    def __getitem__(self, path: DataPath) -> Value:
        return self._mapping()[path]

    def __contains__(self, path: object) -> bool:
        return path in self._mapping()

    def __iter__(self) -> Iterator[DataPath]:
        return iter(self._mapping())

    def __len__(self) -> int:
        return len(self._mapping())

    def __reduce__(self) -> tuple[type[dict[DataPath, Value]], tuple[dict[DataPath, Value]]]:
        return dict, (self._mapping(),)
