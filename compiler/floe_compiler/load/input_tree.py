"""All files among the inputs, including those that nothing reads."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

EntryType = Literal["file", "folder", "link", "other"]

TREES = ("base", "domains", "overlays")

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
    """Return the path from the root and the type of everything in base/, domains/ and overlays/, and of manifests.

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
    for entry in top:
        yield from _entry(entry, entry.name)


def _entry(entry: os.DirEntry[str], path: str) -> Iterator[tuple[str, EntryType]]:
    type_ = _type(entry)
    if _NOT_INPUT.fullmatch(entry.name) or (type_ == "folder" and entry.name.startswith(".")):
        return
    if type_ != "folder" or path not in TREES:
        yield path, type_
    if type_ == "folder" and not _MANIFEST.fullmatch(path):
        with os.scandir(entry.path) as entries:
            for below in entries:
                yield from _entry(below, f"{path}/{below.name}")


def _type(entry: os.DirEntry[str]) -> EntryType:
    if entry.is_symlink():
        return "link"
    if entry.is_dir(follow_symlinks=False):
        return "folder"
    return "file" if entry.is_file(follow_symlinks=False) else "other"
