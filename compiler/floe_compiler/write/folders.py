"""Folders of paths, from the folders and not from every path's parents."""

from __future__ import annotations

from collections.abc import Iterable


def with_parents(paths: Iterable[str]) -> set[str]:
    """Return the folders that these paths lie in, and the folders that those lie in."""
    folders: set[str] = set()
    level = {path.rpartition("/")[0] for path in paths}
    while level := level - folders - {""}:
        folders |= level
        level = {path.rpartition("/")[0] for path in level}
    return folders
