"""Authored documents against their JSON Schemas: unknown keys, missing keys, values of the wrong kind."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from floe_compiler.load.rules import SCHEMA
from floe_compiler.load.text_file import visible
from floe_compiler.model.diagnostics import Diagnostic
from floe_compiler.model.document import DataPath, Document, show_path
from floe_compiler.model.span import Span
from floe_compiler.model.structure import Mistake, Structure, Wrong, without_consequences


class SchemaCheck:
    """The structure of each kind of document, made when the first one is checked."""

    def __init__(self, schemas: Mapping[str, Mapping[str, Any]]) -> None:
        self._schemas = schemas
        self._structures: dict[str, Structure] = {}

    def problems(self, kind: str, document: Document, secrets: Collection[DataPath] = ()) -> Iterator[Diagnostic]:
        """Yield the structural errors of a document, but for those of values that are reported as secrets."""
        if kind not in self._structures:
            self._structures[kind] = Structure(self._schemas[kind])
        mistakes = self._structures[kind].mistakes(document.data, lambda path: document.raw.get(path, ""))
        for mistake in without_consequences(mistakes):
            if any(_is_of(mistake, path) for path in secrets):
                continue
            message = visible(mistake.message(show_path(mistake.path) or document.file))
            yield Diagnostic(SCHEMA, message, _span(mistake, document), hint=mistake.hint, secret=mistake.secret)


def _is_of(mistake: Mistake, secret: DataPath) -> bool:
    """Return whether a mistake is that a secret's value stands there: alone, or in a list."""
    length = len(mistake.path)
    return secret[:length] == mistake.path and all(isinstance(step, int) for step in secret[length:])


def _span(mistake: Mistake, document: Document) -> Span:
    if mistake.wrong is Wrong.MISSING_KEY:
        return document.span(mistake.path[:-1])
    # A missing value has the location of the next token.
    at_key = mistake.wrong is Wrong.UNKNOWN_KEY or mistake.absent
    return document.key_span(mistake.path) if at_key else document.span(mistake.path)
