"""Whether varied documents have the structure that their schemas ask for: this finds most invalid ones at once."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from floe_compiler.explain.documents import documents_of
from floe_compiler.model.document import DataPath, Document
from floe_compiler.model.plan import PLATFORM
from floe_compiler.model.sources import Sources
from floe_compiler.model.structure import Structure
from floe_compiler.resolve.product_overrides import DOMAINS
from floe_compiler.resolve.schemas import PARENT


class Soundness:
    """Compares documents with the JSON Schemas of their kinds, if they kept to these before they were varied."""

    def __init__(self, sources: Sources, schemas: Mapping[str, Mapping[str, Any]]) -> None:
        self._sources, self._schemas = sources, schemas

    @cached_property
    def _known(self) -> Mapping[int, Document]:
        return {id(document): document for document in documents_of(self._sources)}

    @cached_property
    def _structures(self) -> Mapping[str, Structure]:
        structures = {}
        for document in documents_of(self._sources):
            kind = PARENT if document in self._sources.parents else document.data.get("kind")
            structure = Structure(self._schemas[kind]) if kind in self._schemas else None
            if structure and structure.is_sound(document.data):
                structures[document.file] = structure
        return structures

    def takes_any_text(self, file: str, path: DataPath, sources: Sources) -> bool:
        """Return whether the schema of a file leaves a text open: sources with another one at `path` keep to it.

        The schema of an environment's overrides is incomplete, as the components are chosen elsewhere.
        """
        return file in self._structures and path[0] not in (PLATFORM, DOMAINS) and self.holds(sources)

    def holds(self, sources: Sources) -> bool:
        """Return whether all changed documents are sound."""
        changed = (document for document in documents_of(sources) if id(document) not in self._known)
        return all(
            self._structures[document.file].is_sound(document.data)
            for document in changed
            if document.file in self._structures
        )
