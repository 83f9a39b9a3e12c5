"""Reads the files of the overlay stage, and collects errors in them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from floe_compiler.model.diagnostics import Diagnostic, Findings
from floe_compiler.model.document import DataPath, Document
from floe_compiler.model.layout import MOST_BYTES
from floe_compiler.model.span import Span
from floe_compiler.overlay.listed_paths import NOT_FOUND, locate

Read = Callable[[str, str], tuple[list[Document], list[Diagnostic]]]
"""Parses the YAML text of a named file into documents and diagnostics."""


def _listed(data: Any) -> tuple[str, ...]:
    """Return the paths that a kustomization lists."""
    lists = (data.get(field) for field in ("resources", "components", "patches"))
    items = [item for one in lists if isinstance(one, list) for item in one]
    paths = (item.get("path") if isinstance(item, dict) else item for item in items)
    return tuple(path for path in paths if isinstance(path, str))


class Source(msgspec.Struct, frozen=True):
    """The repository at `root`."""

    root: Path
    read: Read
    findings: Findings

    def locate(self, folder: str, path: str, document: Document, at: DataPath) -> str | None:
        """Return the path of a kustomization's item from the root; None, with a finding, if it is not allowed."""
        return locate(self.root, folder, path, document.span(at), self.findings, _listed(document.data))

    def documents(self, file: str, listed: Span) -> list[Document]:
        """Return the YAML documents of a file; empty, with a finding, if it cannot be read."""
        if not (self.root / file).is_file():  # reading a pipe might never end
            self.findings.add(NOT_FOUND, f"{file} is not a regular file", listed)
            return []
        if (size := (self.root / file).stat().st_size) > MOST_BYTES:
            message = f"{file} has {size:,} bytes, and may have {MOST_BYTES:,}"
            self.findings.add(NOT_FOUND, message, listed, hint="take it out, or split it into several files")
            return []
        try:
            text = (self.root / file).read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            reason = "it is not UTF-8 text" if isinstance(error, UnicodeDecodeError) else error.strerror
            self.findings.add(NOT_FOUND, f"{file} cannot be read: {reason}", listed)
            return []
        documents, problems = self.read(text, file)
        self.findings.extend(problems)
        return documents
