"""What helm prints -> objects, each with the template that it comes from."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from typing import Any

from floe_compiler.model.kubernetes_yaml import NotYaml, read_objects

_SOURCE = re.compile(r"^---\n# Source: (\S+)\n", re.MULTILINE)
"""What helm writes before each object: source `helm.sh/helm/v4/pkg/action`, `renderResources`."""


class NotAnObject(Exception):
    """A template renders something that is not a Kubernetes object; the message says what, and `template` where."""

    def __init__(self, template: str, problem: str) -> None:
        super().__init__(problem)
        self.template = template


def objects_in(printed: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the path of its template in the chart's folder, and each object. Raises NotAnObject."""
    parts = _SOURCE.split(printed)
    for source, text in zip(parts[1::2], parts[2::2], strict=True):
        template = source.partition("/")[2]
        for document in _documents(template, text):
            items = document.get("items") if isinstance(document, dict) else None
            is_list = isinstance(items, list) and str(document.get("kind", "")).endswith("List")
            for item in items or () if is_list else (document,):
                if item is not None:
                    yield template, _checked(template, item)


def first_difference(first: str, second: str) -> tuple[str, str]:
    """Return the template and the line of the first difference between two outputs for the same chart."""
    old, new = first.splitlines(), second.splitlines()
    template, line = "", ""
    for tag, start, end, _, _ in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag != "equal":
            before = old[: min(start + 1, len(old))]
            sources = [text.removeprefix("# Source: ") for text in before if text.startswith("# Source: ")]
            template = sources[-1].partition("/")[2] if sources else ""
            line = old[start].strip() if start < end else ""
            break
    return template, line


def _checked(template: str, manifest: Any) -> dict[str, Any]:
    metadata = manifest.get("metadata") if isinstance(manifest, dict) else None
    if not isinstance(manifest, dict) or not isinstance(metadata, dict):
        raise NotAnObject(template, "it renders no mapping with metadata")
    identity = {
        "apiVersion": manifest.get("apiVersion"),
        "kind": manifest.get("kind"),
        "metadata.name": metadata.get("name"),
    }
    missing = [name for name, value in identity.items() if not value or not isinstance(value, str)]
    if missing:
        raise NotAnObject(template, f"it renders an object without {' and '.join(missing)}")
    return manifest


def _documents(template: str, text: str) -> list[Any]:
    try:
        return read_objects(text)
    except NotYaml as error:
        raise NotAnObject(template, f"it renders no YAML: {error}") from None
