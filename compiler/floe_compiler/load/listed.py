"""The files that the kustomizations list, which the overlay stage will read."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from floe_compiler.load.input_tree import EntryType
from floe_compiler.load.text_file import read_file
from floe_compiler.model.layout import KUSTOMIZATION, KUSTOMIZATION_FIELDS


def listed_files(root: Path, tree: Mapping[str, EntryType]) -> frozenset[str] | None:
    """Return the files that the kustomizations of base/ and of each environment list, and the kustomizations.

    Returns None if that is not certain: one cannot be read, has an unknown field, or lists a missing file. The overlay
    stage reports the error, and an unlisted file may be the one that was meant.

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
        if named is None or not all(path in tree or path == "base" or _is_file(root, path) for path in named):
            return None
        found |= {file, *named}
        folders += named
    return frozenset(found)


def _is_file(root: Path, path: str) -> bool:
    """Return whether there is such a file; no path is so odd that this fails, as `Path.is_file` does."""
    return os.path.isfile(os.path.join(root, path))  # noqa: PTH113, PTH118


def _named(root: Path, folder: str, file: str) -> set[str] | None:
    """Return the paths that a kustomization lists; None if it cannot be read."""
    from floe_compiler.load.yaml_reader import read_documents  # slow to import

    text, _ = read_file(root, file)
    documents, problems = read_documents(text or "", file)
    if (
        len(documents) != 1
        or not isinstance(documents[0].data, dict)
        or any(one.severity == "error" for one in problems)
        or not _is_known(documents[0].data)
    ):
        return None
    return {posixpath.normpath(posixpath.join(folder, path)) for path in _paths(documents[0].data)}


def _is_known(data: dict[str, Any]) -> bool:
    """Return whether all fields that may list files are known."""
    patches = data.get("patches")
    items = patches if isinstance(patches, list) else ()
    unread = (item for item in items if isinstance(item, dict) and not item.keys() & {"path", "patch"})
    return data.keys() <= set(KUSTOMIZATION_FIELDS) and not list(unread)


def _paths(data: dict[str, Any]) -> Iterator[str]:
    for field in ("resources", "components", "patches"):
        items = data.get(field)
        for item in items if isinstance(items, list) else ():
            if field != "patches":
                yield str(item)
            elif isinstance(item, dict) and "path" in item:
                yield str(item["path"])
