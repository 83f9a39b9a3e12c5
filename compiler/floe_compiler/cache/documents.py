"""Authored documents as entries of the cache."""

from __future__ import annotations

from floe_compiler.cache.store import Cache
from floe_compiler.model.codec import digest_of
from floe_compiler.model.document import Document
from floe_compiler.model.packed_documents import unpacked

KIND = "documents"


class DocumentCache:
    """The valid documents of earlier runs, by the content of their files and the version of the compiler."""

    def __init__(self, store: Cache, compiler: str) -> None:
        self._store = store
        self._compiler = compiler

    def get(self, file: str, text: str) -> tuple[Document, ...] | None:
        """Return the documents of a file with this text; None if they are not known."""
        data = self._store.get(KIND, self._key(file, text))
        return None if data is None else unpacked(data)

    def put(self, file: str, text: str, documents: bytes) -> None:
        """Keep the valid documents of a file, as `packed` returns them."""
        self._store.put(KIND, self._key(file, text), documents)

    def _key(self, file: str, text: str) -> str:
        return digest_of(self._compiler, file, text)
