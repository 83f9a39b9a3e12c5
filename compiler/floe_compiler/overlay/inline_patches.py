"""Patches that stand in a kustomization.yaml, with the places of their values in that file."""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec.structs import replace

from floe_compiler.model.document import DataPath, Document
from floe_compiler.model.span import Span
from floe_compiler.overlay.source import Source

# The end of the line on which a literal block begins: its lines stand in the file as they are.
_LITERAL = re.compile(r"\|[-+]?[ \t]*(?:#.*)?$")


def inline_documents(source: Source, file: str, text: str, span: Span) -> list[Document]:
    """Return the documents of a patch in a kustomization.yaml, and record its mistakes.

    Its values have their places in that file if it is a literal block (`|-`), and otherwise that of the patch.

    Args:
        source: The files among the inputs.
        file: The kustomization.yaml.
        text: The patch.
        span: Its place.
    """
    documents, problems = source.read(text, file)
    margin = _margin(source, file, text, span)
    for problem in problems:
        at = _moved(problem.span, span, margin) if problem.span else span
        source.findings.extend([replace(problem, span=at, message=f"in this patch: {problem.message}")])
    return [
        Document(file, document.data, _all_moved(document.keys, span, margin), places)
        for document in documents
        if (places := {**_all_moved(document.values, span, margin), (): span})
    ]


def _all_moved(places: Mapping[DataPath, Span], start: Span, margin: int | None) -> dict[DataPath, Span]:
    return {} if margin is None else {path: _moved(span, start, margin) for path, span in places.items()}


def _moved(span: Span, start: Span, margin: int | None) -> Span:
    return start if margin is None else Span(span.file, start.line + span.line, span.column + margin)


def _margin(source: Source, file: str, text: str, start: Span) -> int | None:
    """Return by how much the lines of a literal block are indented; None if the text is written in another way."""
    content = source.inputs.contents.get(file, b"")
    lines = content.decode("utf-8-sig", errors="replace").splitlines() if isinstance(content, bytes) else []
    if not 0 < start.line <= len(lines) or not _LITERAL.match(lines[start.line - 1][start.column - 1 :]):
        return None
    block = text.splitlines()
    written = lines[start.line : start.line + len(block)]
    margins = {
        len(line) - len(unindented) for line, unindented in zip(written, block, strict=False) if unindented.strip()
    }
    sound = len(margins) == 1 and all(
        line.endswith(unindented) for line, unindented in zip(written, block, strict=False)
    )
    return margins.pop() if sound else None
