"""The files that the kustomizations list, which the overlay stage will read."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from floe_compiler.load.input_tree import EntryType
from floe_compiler.load.text_file import read_file
from floe_compiler.model.layout import KUSTOMIZATION


def listed_files(root: Path, tree: Mapping[str, EntryType]) -> frozenset[str] | None:
    """Return the files that the kustomizations of base/ and of each environment list, and the kustomizations.

    Returns None if that is not certain: one cannot be read, or lists a missing file. The overlay stage reports
    the error, and an unlisted file may be the one that was meant.

    Args:
        root: The repository.
        tree: All files among the inputs.
    """
    found: set[str] = set()
    folders = ["base", *(path for path in tree if posixpath.dirname(path) == "overlays")]
    while folders:
        folder = folders.pop()
        file = f"{folder}/{KUSTOMIZATION}"
        if file in found or tree.get(file) not in ("file", "link"):
            continue
        named = _named(root, folder, file)
        if named is None or not all(path in tree or path == "base" or (root / path).is_file() for path in named):
            return None
        found |= {file, *named}
        folders += named
    return frozenset(found)


def _named(root: Path, folder: str, file: str) -> set[str] | None:
    """Return the paths that a kustomization lists; None if it cannot be read."""
    from floe_compiler.load.yaml_reader import read_documents  # slow to import

    text, _ = read_file(root, file)
    documents, problems = read_documents(text or "", file)
    if (
        len(documents) != 1
        or not isinstance(documents[0].data, dict)
        or any(one.severity == "error" for one in problems)
    ):
        return None
    return {posixpath.normpath(posixpath.join(folder, path)) for path in _paths(documents[0].data)}


def _paths(data: dict[str, Any]) -> Iterator[str]:
    for field in ("resources", "components", "patches"):
        items = data.get(field)
        for item in items if isinstance(items, list) else ():
            if field != "patches":
                yield str(item)
            elif isinstance(item, dict) and "path" in item:
                yield str(item["path"])
