"""Reads the files of the overlay stage, and collects errors in them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from floe_compiler.model.diagnostics import Diagnostic, Findings
from floe_compiler.model.document import Document
from floe_compiler.model.layout import MOST_BYTES
from floe_compiler.model.span import Span
from floe_compiler.overlay.listed_paths import NOT_FOUND, locate

Read = Callable[[str, str], tuple[list[Document], list[Diagnostic]]]
"""Parses the YAML text of a named file into documents and diagnostics."""


class Source(msgspec.Struct, frozen=True):
    """The repository at `root`."""

    root: Path
    read: Read
    findings: Findings

    def locate(self, folder: str, path: str, span: Span) -> str | None:
        """Return the path of a kustomization's item from the root; None, with a finding, if it is not allowed."""
        return locate(self.root, folder, path, span, self.findings)

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
