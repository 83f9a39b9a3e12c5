"""Texts that a delivery tool loses, changes, or fails on. The API server takes all of them.

Sources: kustomize's YAML library, github.com/yaml/go-yaml, `readerc.go` (is_printable) refuses these characters when it
reads its own output, and takes U+0085 for a line break; argoproj/argo-cd `reposerver/repository/repository.go`
(skipFileRenderingMarker).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Literal

from floe_compiler.model.document import DataPath

Tool = Literal["argocd", "flux"]

LOST_BY_KUSTOMIZE = re.compile(r"[\x7f-\x9f\ufffe\uffff]")
"""Characters that kustomize, and so Flux, refuses or takes for line breaks."""

SKIPPED_BY_ARGO_CD = "+argocd:skip-file-rendering"
"""Argo CD skips each file in which these words are, wherever in it."""


ENCODE = "encode it (base64), or leave it out"
"""The hint for such a text."""


def why_undelivered(tool: Tool, text: str) -> str:
    """Return what is in a text that the tool cannot deliver, and what becomes of it; empty if it can."""
    if tool == "argocd":
        problem = f'has "{SKIPPED_BY_ARGO_CD}" in it, so that Argo CD would skip the file'
        return problem if SKIPPED_BY_ARGO_CD in text else ""
    lost = LOST_BY_KUSTOMIZE.search(text)
    return f"has the character U+{ord(lost[0]):04X}, at which Flux' kustomize fails" if lost else ""


def undelivered(tool: Tool, value: Any, path: DataPath = ()) -> Iterator[tuple[DataPath, str]]:
    """Yield the path of each text, or key, in plain data that the tool cannot deliver, and why."""
    if isinstance(value, str):
        if why := why_undelivered(tool, value):
            yield path, why
    elif isinstance(value, dict):
        for key, below in value.items():
            if isinstance(key, str) and (why := why_undelivered(tool, key)):
                yield (*path, key), f"is a key that {why}"
            yield from undelivered(tool, below, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from undelivered(tool, item, (*path, index))
