"""Texts in documents that the environment's delivery tool does not deliver."""

from __future__ import annotations

from collections.abc import Iterable

from floe_compiler.model.delivered_texts import ENCODE, undelivered
from floe_compiler.model.diagnostics import Findings
from floe_compiler.model.document import Document, show_path
from floe_compiler.model.settings import Settings
from floe_compiler.resolve.rules import UNDELIVERED_TEXT


def check_texts(documents: Iterable[Document], settings: Settings, findings: Findings) -> None:
    """Report the texts in documents that Argo CD or Flux, whichever the environment has, would not deliver."""
    for document in documents if findings.wanted else ():
        for path, why in undelivered(settings.platform.delivery, document.data):
            shown = show_path(path).encode("unicode_escape").decode()
            findings.add(UNDELIVERED_TEXT, f"{shown} {why}", document.span(path), hint=ENCODE)
