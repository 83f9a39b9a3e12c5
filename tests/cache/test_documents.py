"""Documents are known by their file, their text and the compiler that found them sound."""

from __future__ import annotations

from pathlib import Path

import pytest

from floe_compiler.cache.documents import KIND, DocumentCache
from floe_compiler.cache.store import Store
from floe_compiler.load.yaml_reader import read_documents
from floe_compiler.model.document import Document
from floe_compiler.model.packed_documents import packed

FILE = "domains/sales/domain.yaml"
TEXT = "kind: Domain\nname: sales\nports: [1, 2.50]\n"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


def put(store: Store) -> Document:
    """Keep the document of TEXT and return it."""
    documents, found = read_documents(TEXT, FILE)
    assert not found
    data = packed(tuple(documents))
    assert data
    DocumentCache(store, "compiler 1").put(FILE, TEXT, data)
    return documents[0]


def test_documents_come_back_with_the_place_of_every_key_and_value(store: Store) -> None:
    document = put(store)
    [found] = DocumentCache(store, "compiler 1").get(FILE, TEXT) or ()
    assert (found.file, found.data) == (document.file, document.data)
    assert dict(found.keys) == dict(document.keys)
    assert dict(found.values) == dict(document.values)
    assert dict(found.raw) == dict(document.raw)


@pytest.mark.parametrize(
    ("compiler", "file", "text"),
    [("compiler 2", FILE, TEXT), ("compiler 1", "domains/sales/other.yaml", TEXT), ("compiler 1", FILE, f"{TEXT}#")],
)
def test_another_compiler_file_or_text_is_not_known(store: Store, compiler: str, file: str, text: str) -> None:
    put(store)
    assert DocumentCache(store, compiler).get(file, text) is None


def test_an_entry_that_holds_no_documents_is_none(store: Store) -> None:
    put(store)
    key = next(path.parent.name + path.name for path in store.folder.glob(f"{KIND}/*/*"))
    for data in (b"", b"\x01", b"\x91\x91\x01"):
        store.put(KIND, key, data)
        assert DocumentCache(store, "compiler 1").get(FILE, TEXT) is None
