"""A danger, and how the rules find their way in manifests of any shape."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Fields = tuple[str, ...]


@dataclass(frozen=True, order=True, slots=True)
class Danger:
    """A risk of a change; `word` never changes its meaning."""

    word: str
    sentence: str


def at(manifest: Any, fields: Fields) -> Any:
    """Return the value under these keys, None if there is none."""
    for field in fields:
        if not isinstance(manifest, dict):
            return None
        manifest = manifest.get(field)
    return manifest


def mappings(manifest: Any, fields: Fields) -> list[dict[str, Any]]:
    """Return the mappings in the list under these keys."""
    found = at(manifest, fields)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
