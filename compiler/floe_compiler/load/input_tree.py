"""All files among the inputs, including those that nothing reads."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

from floe_compiler.model.layout import DEFINITIONS

EntryType = Literal["file", "folder", "link", "other"]

DEEPEST = 100
"""No path that a kustomization may list leads through more folders, so what is below is not looked at."""

TREES = ("base", DEFINITIONS, "domains", "overlays")

_MANIFEST = re.compile(r"\.?platform[-_ ]?manifest(?:\..*)?", re.IGNORECASE)

# Clearly not inputs: documentation, files of hosting services and operating systems, and editors' backups.
# A document with a suffix appended to its name ("orders.yaml.txt") is not among them.
_NOT_INPUT = re.compile(
    r"(?!.*\.ya?ml\.(?!bak|orig|rej|sw[a-z]))"
    r"(?:.*\.(?:md|markdown|rst|adoc|txt|png|jpe?g|gif|svg|pdf|drawio|mmd|puml)"
    r"|(?:README|LICEN[CS]E|NOTICE|CHANGELOG|CODEOWNERS|OWNERS|MAINTAINERS)"
    r"|Thumbs\.db|desktop\.ini"
    r"|.*~|#.*#|\.[#_].*|.*\.(?:sw[a-z]|bak|orig|rej))",
    re.IGNORECASE,
)


def input_tree(root: Path) -> Mapping[str, EntryType]:
    """Return the path from the root and the type of everything in the input folders, and of manifests.

    Sorted by path. Left out are hidden folders, and files that are clearly not inputs, such as a README. Links are
    not followed.
    """
    return dict(sorted(_entries(root)))


def _entries(root: Path) -> Iterator[tuple[str, EntryType]]:
    try:
        with os.scandir(root) as entries:
            top = [entry for entry in entries if entry.name in TREES or _MANIFEST.fullmatch(entry.name)]
    except OSError:  # that there is no such folder shows by the lack of a manifest
        return
    waiting = [(entry, entry.name) for entry in top]
    while waiting:
        entry, path = waiting.pop()
        type_ = _type(entry, path)
        if _NOT_INPUT.fullmatch(entry.name) or (type_ == "folder" and entry.name.startswith(".")):
            continue
        if type_ != "folder" or path not in TREES:
            yield path, type_
        if type_ == "folder" and not _MANIFEST.fullmatch(path):
            waiting += _below(entry, path)


def _below(folder: os.DirEntry[str], path: str) -> list[tuple[os.DirEntry[str], str]]:
    """Return the entries of a folder; of one that the system cannot open, as its path is too long, none."""
    try:
        with os.scandir(folder.path) as entries:
            return [(entry, f"{path}/{entry.name}") for entry in entries]
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise
        return []


def _type(entry: os.DirEntry[str], path: str) -> EntryType:
    if entry.is_symlink():
        return "link"
    if entry.is_dir(follow_symlinks=False):
        return "folder" if path.count("/") < DEEPEST else "other"
    return "file" if entry.is_file(follow_symlinks=False) else "other"
