"""The folders of many paths."""

from __future__ import annotations

from collections.abc import Iterable


def with_parents(paths: Iterable[str]) -> set[str]:
    """Return the folders of these paths, and all their parent folders."""
    folders: set[str] = set()
    level = {path.rpartition("/")[0] for path in paths}
    while level := level - folders - {""}:
        folders |= level
        level = {path.rpartition("/")[0] for path in level}
    return folders
