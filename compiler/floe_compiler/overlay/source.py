"""Reads the files of the overlay stage, and collects errors in them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from floe_compiler.model.diagnostics import Diagnostic, Findings
from floe_compiler.model.document import DataPath, Document
from floe_compiler.model.input_files import InputFiles, Unread
from floe_compiler.model.layout import MOST_BYTES
from floe_compiler.model.span import Span
from floe_compiler.overlay.listed_paths import NOT_FOUND, locate

Read = Callable[[str, str], tuple[list[Document], list[Diagnostic]]]
"""Parses the YAML text of a named file into documents and diagnostics."""


def _listed(data: Any) -> tuple[str, ...]:
    """Return the paths that a kustomization lists."""
    lists = (data.get(field) for field in ("resources", "components", "patches"))
    items = [item for entries in lists if isinstance(entries, list) for item in entries]
    paths = (item.get("path") if isinstance(item, dict) else item for item in items)
    return tuple(path for path in paths if isinstance(path, str))


class Source(msgspec.Struct, frozen=True):
    """The files among the inputs, and what reads their texts."""

    inputs: InputFiles
    read: Read
    findings: Findings

    def locate(self, folder: str, path: str, document: Document, at: DataPath) -> str | None:
        """Return the path of a kustomization's item from the root; None, with a finding, if it is not allowed."""
        return locate(self.inputs, folder, path, document.span(at), self.findings, _listed(document.data))

    def documents(self, file: str, listed: Span) -> list[Document]:
        """Return the YAML documents of a file; empty, with a finding, if it cannot be read."""
        text = self.text(file, listed)
        return [] if text is None else self.parsed(file, text)

    def text(self, file: str, listed: Span) -> str | None:
        """Return the text of a file, with plain line breaks; None, with a finding, if it cannot be read."""
        content = self.inputs.contents.get(file)
        try:
            text = content.decode("utf-8-sig") if isinstance(content, bytes) else ""
        except UnicodeDecodeError:
            content, text = Unread("it is not UTF-8 text"), ""
        if not isinstance(content, bytes):
            message, hint = _problem(file, content)
            self.findings.add(NOT_FOUND, message, listed, hint=hint)
            return None
        return text.replace("\r\n", "\n").replace("\r", "\n")

    def parsed(self, file: str, text: str) -> list[Document]:
        """Return the YAML documents of a file's text, with what is wrong with it as findings."""
        documents, problems = self.read(text, file)
        self.findings.extend(problems)
        return documents


def _problem(file: str, unread: Unread | None) -> tuple[str, str]:
    """Return why a file is not read, and what to do."""
    if unread is None:
        return f"{file} is not a regular file", ""
    if unread.size:
        message = f"{file} has {unread.size:,} bytes, and may have {MOST_BYTES:,}"
        return message, "take it out, or split it into several files"
    return f"{file} cannot be read: {unread.reason}", ""
