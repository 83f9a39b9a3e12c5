"""Documents in the cache: their key is made from text, file and compiler."""

from __future__ import annotations

import pytest

from floe_compiler.cache.documents import KIND, DocumentCache
from floe_compiler.cache.store import Memory
from floe_compiler.model.codec import digest_of
from floe_compiler.model.document import Document
from floe_compiler.model.packed_documents import packed

DOCUMENTS = (Document("a.yaml", {"a": 1}), Document("a.yaml", None))
DATA = packed(DOCUMENTS) or b""


def test_documents_are_found_for_the_same_text_file_and_compiler() -> None:
    store = Memory()
    DocumentCache(store, "1").put("a.yaml", "a: 1\n---\n", DATA)
    documents = DocumentCache(store, "1").get("a.yaml", "a: 1\n---\n")
    assert documents is not None
    assert [(document.file, document.data) for document in documents] == [
        (document.file, document.data) for document in DOCUMENTS
    ]


@pytest.mark.parametrize(
    ("compiler", "file", "text"), [("2", "a", "b"), ("1", "b", "b"), ("1", "a", "bb"), ("1", "ab", ""), ("1a", "", "b")]
)
def test_documents_are_found_for_no_other_key(compiler: str, file: str, text: str) -> None:
    store = Memory()
    DocumentCache(store, "1").put("a", "b", DATA)
    assert DocumentCache(store, compiler).get(file, text) is None


def test_invalid_entries_are_not_documents() -> None:
    store = Memory()
    store.put(KIND, digest_of("1", "a", "b"), b"damaged")
    assert DocumentCache(store, "1").get("a", "b") is None
