"""The one place where inputs are found and read: the folders of inputs, and the manifest."""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

from floe_compiler.model.input_files import EntryType, InputFiles, Unread
from floe_compiler.model.layout import (
    AUTHORITIES,
    CHARTS,
    DEFINITIONS,
    FORMER_CACHE,
    MANIFEST,
    MOST_BYTES,
    MOST_PARENTS,
    SOPS_RULES,
    VENDOR,
)
from floe_compiler.model.plain_files import TooLarge, read_plain

DEEPEST = 100
"""No path that a kustomization may list leads through more folders, so what is below is not looked at."""

TREES = ("base", DEFINITIONS, "domains", "overlays", AUTHORITIES)

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


def read_inputs(root: Path, output_root: Path | None = None) -> InputFiles:
    """Return everything in the input folders, and manifests, with the content of the files.

    `output_root` is the folder that `output/` is in (default: `root`). Links are not followed, and what is in hidden
    folders is left out.
    """
    types = dict(sorted((*_entries(root), *_vendored(root))))
    contents = {path: _content(f"{root}/{path}") for path, type_ in types.items() if type_ == "file" and _is_read(path)}
    return InputFiles(root, types, contents, output_root or root)


def is_documentation(name: str) -> bool:
    """Return whether a file is clearly not meant as an input, such as a README or an editor's backup."""
    return bool(_NOT_INPUT.fullmatch(name))


def _is_top(name: str) -> bool:
    """Return whether something at the top of the repository is, or may be meant as, an input."""
    return name in (*TREES, SOPS_RULES, FORMER_CACHE) or bool(_MANIFEST.fullmatch(name))


def _is_read(path: str) -> bool:
    """Return whether a file may be an input: it is not hidden, and of those at the top, the manifest or SOPS' rules."""
    return path in (MANIFEST, SOPS_RULES) or ("/" in path and not path.rpartition("/")[2].startswith("."))


def _content(path: str) -> bytes | Unread:
    try:
        return read_plain(path, MOST_BYTES)
    except TooLarge as error:
        return Unread("it is too large", error.size)
    except OSError as error:
        return Unread(error.strerror or type(error).__name__)


def _entries(root: Path) -> Iterator[tuple[str, EntryType]]:
    try:
        with os.scandir(root) as entries:
            top = [entry for entry in entries if _is_top(entry.name)]
    except OSError:  # the missing manifest is reported instead
        return
    waiting = [(entry, entry.name) for entry in top]
    while waiting:
        entry, path = waiting.pop()
        type_ = _type(entry, path)
        if path == FORMER_CACHE:
            yield path, type_
            continue
        if entry.name.startswith(".") and (type_ == "folder" or is_documentation(entry.name)):
            continue
        yield path, type_
        if type_ == "folder" and not _MANIFEST.fullmatch(path):
            waiting += _below(entry, path)


def _vendored(root: Path) -> Iterator[tuple[str, EntryType]]:
    """Yield vendor/ and the folders in it, with their manifests and what is vendored in them; of charts, all files.

    A copy may be a whole repository, of which nothing else is read.
    """
    yield from _charts(root)
    waiting = [VENDOR]
    while waiting:
        path = waiting.pop()
        if (kind := _kind(root, path)) is None:
            continue
        yield path, kind
        for name in _names(root, path) if kind == "folder" else ():
            copy = f"{path}/{name}"
            if (kind := _kind(root, copy)) not in ("folder", "link"):
                continue
            yield copy, kind
            if copy == CHARTS:
                continue
            if (manifest := _kind(root, f"{copy}/{MANIFEST}")) is not None and kind == "folder":
                yield f"{copy}/{MANIFEST}", manifest
                waiting += [f"{copy}/{VENDOR}"] if copy.count("/") < 2 * MOST_PARENTS - 1 else []


def _charts(root: Path) -> Iterator[tuple[str, EntryType]]:
    """Yield what is below the folder of vendored Helm charts."""
    waiting = [CHARTS] if _kind(root, CHARTS) == "folder" else []
    while waiting:
        path = waiting.pop()
        for name in _names(root, path):
            below = f"{path}/{name}"
            if (kind := _kind(root, below)) is not None:
                yield below, kind
                waiting += [below] if kind == "folder" and below.count("/") < DEEPEST else []


def _names(root: Path, folder: str) -> list[str]:
    """Return the names in a folder that are not hidden."""
    return sorted(name for name in os.listdir(f"{root}/{folder}") if not name.startswith("."))  # noqa: PTH208


def _kind(root: Path, path: str) -> EntryType | None:
    """Return what is at a path; None if there is nothing."""
    try:
        mode = os.lstat(f"{root}/{path}").st_mode
    except OSError:
        return None
    if stat.S_ISLNK(mode):
        return "link"
    return "folder" if stat.S_ISDIR(mode) else "file" if stat.S_ISREG(mode) else "other"


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
