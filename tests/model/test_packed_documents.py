"""Documents as bytes and back."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from examples import FEW
from floe_compiler.load.yaml_reader import read_documents
from floe_compiler.model import packed_documents
from floe_compiler.model.codec import decode, encode
from floe_compiler.model.document import Document
from floe_compiler.model.packed_documents import Lazy, packed, unpacked
from floe_compiler.model.span import Span

TEXTS = st.text("abcxyz-_. äß\n#:{}[]'\"0123", max_size=8)
DATA = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


def parts(document: Document) -> list[Any]:
    """Return all parts of a document."""
    return [document.file, document.data, *map(dict, (document.keys, document.values, document.raw))]


@given(st.lists(DATA, max_size=3))
@FEW
def test_unpacked_documents_have_all_their_places(documents: list[Any]) -> None:
    read, _ = read_documents(yaml.safe_dump_all(documents, allow_unicode=True), "base/a.yaml")
    data = packed(tuple(read))
    assert data is not None
    again = unpacked(data)
    assert again is not None
    assert [*map(parts, again)] == [*map(parts, read)]
    assert all(
        document.span(path) == other.span(path)
        for document, other in zip(read, again, strict=True)
        for path in document.values
    )


def test_places_are_read_lazily(monkeypatch: pytest.MonkeyPatch) -> None:
    (read, *_), _ = read_documents("a: 1\nb: [x, 1.10]\n", "a.yaml")
    (again,) = unpacked(packed((read,)) or b"") or ()
    decoded: list[type] = []

    def watched(data: bytes, kind: Any) -> Any:
        decoded.append(kind)
        return decode(data, kind)

    monkeypatch.setattr(packed_documents, "decode", watched)
    assert again.data == {"a": 1, "b": ["x", 1.1]}
    assert decoded == []
    assert again.span(("b", 0)) == Span("a.yaml", 2, 5)
    assert again.raw[("b", 1)] == "1.10"
    assert again.key_span(("a",)) == Span("a.yaml", 1, 1)
    assert len(decoded) == 1, "once for all of them"


def test_a_number_that_does_not_fit_is_not_packed() -> None:
    assert packed((Document("a.yaml", {"a": 2**70}),)) is None


@pytest.mark.parametrize("data", [b"", b"text", encode("text"), encode([1]), encode([["a.yaml", {}]]), encode({})])
def test_invalid_bytes_have_no_documents(data: bytes) -> None:
    assert unpacked(data) is None


def test_a_document_with_damaged_places_has_only_its_file() -> None:
    (document,) = unpacked(encode([("a.yaml", {"a": 1}, b"damaged")])) or ()
    assert document.span(("a",)) == Span("a.yaml")


def test_a_lazy_mapping_is_built_once_and_pickled_as_a_dict() -> None:
    calls: list[int] = []

    def make() -> dict[tuple[str | int, ...], int]:
        calls.append(1)
        return {("a",): 1, ("b",): 2}

    lazy = Lazy(make)
    assert calls == []
    assert (lazy[("a",)], ("b",) in lazy, ("c",) in lazy, len(lazy), [*lazy]) == (1, True, False, 2, [("a",), ("b",)])
    assert lazy.get(("c",)) is None
    again = pickle.loads(pickle.dumps(lazy))
    assert type(again) is dict
    assert again == lazy
    assert calls == [1]
