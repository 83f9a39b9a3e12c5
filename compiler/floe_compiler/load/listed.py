"""The files that the kustomizations list, which the overlay stage will read."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from floe_compiler.load.text_file import read_text
from floe_compiler.model.input_files import InputFiles
from floe_compiler.model.layout import KUSTOMIZATION, KUSTOMIZATION_FIELDS


def listed_files(inputs: InputFiles) -> frozenset[str] | None:
    """Return the files that the kustomizations of base/ and of each environment list, and the kustomizations.

    Returns None if that is not certain: one cannot be read, has an unknown field, or lists a missing file. The overlay
    stage reports the error, and an unlisted file may be the one that was meant.
    """
    files: set[str] = set()
    folders = ["base", *(path for path in inputs.types if posixpath.dirname(path) == "overlays")]
    while folders:
        folder = folders.pop()
        file = f"{folder}/{KUSTOMIZATION}"
        if file in files or not inputs.is_file(file):
            continue
        named = _named(folder, file, read_text(inputs, file)[0] or "")
        if named is None or not all(path in inputs.types or path == "base" for path in named):
            return None
        files |= {file, *named}
        folders += named
    return frozenset(files)


@lru_cache(maxsize=64)  # of these files, a program that compiles again and again finds most as they were
def _named(folder: str, file: str, text: str) -> frozenset[str] | None:
    """Return the paths that a kustomization lists; None if it cannot be read."""
    from floe_compiler.load.yaml_reader import read_documents  # slow to import

    documents, problems = read_documents(text, file)
    if (
        len(documents) != 1
        or not isinstance(documents[0].data, dict)
        or any(problem.severity == "error" for problem in problems)
        or not _is_known(documents[0].data)
    ):
        return None
    return frozenset(posixpath.normpath(posixpath.join(folder, path)) for path in _paths(documents[0].data))


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
