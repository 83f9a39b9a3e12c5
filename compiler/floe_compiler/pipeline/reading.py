"""Reads through the cache: only changed texts are parsed anew."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from floe_compiler.cache.documents import DocumentCache
from floe_compiler.cache.store import Cache
from floe_compiler.components import announced, registry
from floe_compiler.load.yaml_reader import read_documents
from floe_compiler.model.codec import decode, digest_of, encode
from floe_compiler.model.credentials import names_secret, secret_in
from floe_compiler.model.diagnostics import Diagnostic
from floe_compiler.model.document import Document
from floe_compiler.model.packed_documents import packed
from floe_compiler.model.registry import Announced, Registry
from floe_compiler.resolve.model_schemas import JsonSchema

COMPONENTS = "components"
"""The kind of entry in the cache with what must be known of every component of this package."""

SCHEMAS = "schemas"
"""The kind of entry in the cache with the JSON Schemas of authored documents."""

_WORD = re.compile(r"\w[\w.-]*\w")


def cached_registry(cache: Cache, compiler: str) -> Registry:
    """Return all components. Those that nobody has chosen are not imported: that would take longer than all else.

    Raises StageFailed (R032) if those of other packages cannot be used.
    """
    own = decode(cache.get(COMPONENTS, compiler) or b"", tuple[Announced, ...])
    if not own:
        own = announced()
        cache.put(COMPONENTS, compiler, encode(own))
    return registry(own=own)


def cached_schemas(components: Registry, cache: Cache, compiler: str) -> Mapping[str, JsonSchema]:
    """Return the JSON Schema of each kind of document. Generating them takes longer than reading a small mesh."""
    key = digest_of(compiler, *(f"{slot} {kind}" for slot, kind in components))
    schemas: Mapping[str, JsonSchema] | None = _decoded(cache.get(SCHEMAS, key) or b"")
    if not schemas:
        from floe_compiler.resolve.schemas import plain_schemas

        schemas = plain_schemas(components)
        cache.put(SCHEMAS, key, encode(schemas))
    return schemas


@lru_cache(maxsize=4)  # a process that compiles several times reads the same
def _decoded(data: bytes) -> dict[str, JsonSchema] | None:
    return decode(data, dict[str, JsonSchema])


class CachedReader:
    """Turns the YAML text of a file in base/ or overlays/ into documents and diagnostics."""

    def __init__(self, cache: Cache, compiler: str) -> None:
        self._known = DocumentCache(cache, f"{compiler} plain")

    def __call__(self, text: str, file: str) -> tuple[list[Document], list[Diagnostic]]:
        """Return the documents and diagnostics. A text that may hold a secret is never cached."""
        documents = self._known.get(file, text)
        if documents:
            return list(documents), []
        parsed, problems = read_documents(text, file)
        data = packed(tuple(parsed))
        if data is not None and not problems and not _may_hold_secret(text, parsed):
            self._known.put(file, text, data)
        return parsed, problems


def _may_hold_secret(text: str, documents: Iterable[Document]) -> bool:
    """Return whether a text may hold a secret's value. It is wrong rather too often than too rarely."""
    all_text = "\n".join((text, *(value for document in documents for value in _texts(document.data))))
    return bool(secret_in(all_text)) or any(word == "Secret" or names_secret(word) for word in _WORD.findall(all_text))


def _texts(data: Any) -> Iterator[str]:
    """Yield every text in a document: a patch within a kustomization.yaml is one, and quotes may hide another."""
    if isinstance(data, str):
        yield data
    elif isinstance(data, dict):
        for key, value in data.items():
            yield str(key)
            yield from _texts(value)
    elif isinstance(data, list):
        for value in data:
            yield from _texts(value)
