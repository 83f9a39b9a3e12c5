"""What lies on disk under output/: every file with the hash of its bytes.

Each file is read each time. It costs 0.2 s for 18,000 files (100 MB), less than the doubt that a cache of sizes and
times would bring.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from floe_compiler.model.diagnostics import Findings, Rule
from floe_compiler.model.files import OUTPUT
from floe_compiler.write.index import INDEX_FOLDER

TEMPORARY_SUFFIX = ".tmp"
_WRITTEN_SUFFIXES = (f".yaml{TEMPORARY_SUFFIX}", f".index{TEMPORARY_SUFFIX}")
MANIFEST_SUFFIXES = (".yaml", ".yml")
"""The ends of the names of files that Flux applies; Argo CD applies only the first (`directory.include`)."""

_CONFLICT = re.compile(rb"^<<<<<<< ", re.MULTILINE)

NOT_A_FILE = Rule(
    "W010",
    "link or device in the output",
    "The output holds something that is neither a file nor a folder. A symbolic link could lead a write or a deletion "
    "out of the repository. Remove it.",
)


@dataclass(slots=True)
class Snapshot:
    """The files under some folders, by path from the repository's root; and the folders themselves.

    `leftovers` are the temporary files of an interrupted run. `conflicts` has the line of the first marker of a merge
    conflict in a file. `with_line_feeds` has the hash of each file with CR LF line ends as it would be with LF.
    """

    hashes: dict[str, str] = field(default_factory=dict)
    conflicts: dict[str, int] = field(default_factory=dict)
    with_line_feeds: dict[str, str] = field(default_factory=dict)
    folders: set[str] = field(default_factory=set)
    leftovers: list[str] = field(default_factory=list)


def output_folders(root: Path) -> tuple[str, ...]:
    """Return the names of the folders in output/ that do not begin with a dot, sorted: one for each environment."""
    folder = root / OUTPUT
    return tuple(sorted(path.name for path in folder.glob("[!.]*") if path.is_dir())) if folder.is_dir() else ()


def take_snapshot(root: Path, environments: Iterable[str], findings: Findings) -> Snapshot:
    """Return what lies in the folders of these environments; links and devices are findings (W010).

    Hidden files that neither Argo CD nor Flux would apply (such as `.DS_Store`) are passed over.
    """
    snapshot = Snapshot()
    if _is_folder(root / OUTPUT, OUTPUT, findings):
        if _is_folder(root / INDEX_FOLDER, INDEX_FOLDER, findings):
            _take_leftovers(root, snapshot)
        for folder in (f"{OUTPUT}/{environment}" for environment in environments):
            if _is_folder(root / folder, folder, findings):
                _walk(str(root / folder), folder, snapshot, findings)
    return snapshot


def sha256(data: bytes) -> str:
    """Return the hash of some bytes as the index writes it."""
    return hashlib.sha256(data).hexdigest()


def _is_folder(folder: Path, path: str, findings: Findings) -> bool:
    if folder.is_symlink():
        _report_link(path, findings)
        return False
    return folder.is_dir()


def _take_leftovers(root: Path, snapshot: Snapshot) -> None:
    names = sorted(path.name for path in (root / INDEX_FOLDER).glob(f".*.index{TEMPORARY_SUFFIX}"))
    snapshot.leftovers.extend(f"{INDEX_FOLDER}/{name}" for name in names)


def _walk(folder: str, path: str, snapshot: Snapshot, findings: Findings) -> None:
    snapshot.folders.add(path)
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            below = f"{path}/{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                _walk(entry.path, below, snapshot, findings)
            elif entry.is_file(follow_symlinks=False):
                _take_file(entry, below, snapshot)
            else:
                _report_link(below, findings)


def _take_file(entry: os.DirEntry[str], path: str, snapshot: Snapshot) -> None:
    hidden = entry.name.startswith(".")
    if hidden and entry.name.endswith(_WRITTEN_SUFFIXES):
        snapshot.leftovers.append(path)
    elif not hidden or entry.name.endswith(MANIFEST_SUFFIXES):
        with open(entry.path, "rb", buffering=0) as file:  # noqa: PTH123 -- twice as fast as Path.read_bytes
            _take_content(file.read(), path, snapshot)


def _take_content(data: bytes, path: str, snapshot: Snapshot) -> None:
    snapshot.hashes[path] = sha256(data)
    if b"\r\n" in data:
        data = data.replace(b"\r\n", b"\n")
        snapshot.with_line_feeds[path] = sha256(data)
    if match := _CONFLICT.search(data):
        snapshot.conflicts[path] = data.count(b"\n", 0, match.start()) + 1


def _report_link(path: str, findings: Findings) -> None:
    findings.add(NOT_A_FILE, "is neither a file nor a folder", subject=path, hint=f"remove it: rm {path}")
