"""The YAML files of base/ and overlays/, read anew only where their text has changed."""

from __future__ import annotations

from floe_compiler.cache.documents import DocumentCache
from floe_compiler.cache.store import Cache
from floe_compiler.load.yaml_reader import read_documents
from floe_compiler.model.credentials import holds_credentials
from floe_compiler.model.diagnostics import Diagnostic
from floe_compiler.model.document import Document
from floe_compiler.model.packed_documents import packed


class CachedReader:
    """Turns YAML text and its file's name into documents, and tells what is wrong with it."""

    def __init__(self, cache: Cache, compiler: str) -> None:
        self._known = DocumentCache(cache, f"{compiler} plain")

    def __call__(self, text: str, file: str) -> tuple[list[Document], list[Diagnostic]]:
        """Return the documents and diagnostics; what may hold a secret is read anew each time, and not kept."""
        documents = self._known.get(file, text)
        if documents is not None:
            return list(documents), []
        found, problems = read_documents(text, file)
        data = packed(tuple(found))
        if data is not None and not problems and not holds_credentials(text):
            self._known.put(file, text, data)
        return found, problems
