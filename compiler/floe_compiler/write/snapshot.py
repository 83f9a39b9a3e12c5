"""The files on disk under output/, with the hashes of their bytes.

As in Git's index, a file is read only if its size, times or inode have changed since it was hashed: reading 25,000
files takes five times as long as checking their stats. This is safe (see `stats.py`). `floe-compile check` passes no
stats, so that all files are read.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from floe_compiler.model.diagnostics import Findings, Rule
from floe_compiler.model.files import sha256
from floe_compiler.model.output_paths import OUTPUT
from floe_compiler.model.plain_files import TooLarge, read_plain
from floe_compiler.write.index import INDEX_FOLDER
from floe_compiler.write.stats import FileStat, FolderStats, conclusive_stat
from floe_compiler.write.steering import obeyed_by

TEMPORARY_SUFFIX = ".tmp"
_WRITTEN_SUFFIXES = (f".yaml{TEMPORARY_SUFFIX}", f".index{TEMPORARY_SUFFIX}")
MANIFEST_SUFFIXES = (".yaml", ".yml")
"""The suffixes of files that Flux applies; Argo CD applies only the first (`directory.include`)."""

_CONFLICT = re.compile(rb"^<<<<<<< ", re.MULTILINE)

NOT_A_FILE = Rule(
    "W010",
    "link or device in the output",
    "The output contains something that is neither a file nor a folder. Through a symbolic link, files outside the "
    "repository could be written or deleted. Remove it.",
)


@dataclass(slots=True)
class Snapshot:
    """The files under some folders, by path from the repository's root; and the folders themselves.

    `leftovers` are the temporary files of an interrupted run. `conflicts` has the line of the first conflict marker in
    a file. `with_line_feeds` has, for each file with CR LF line ends, the hash that it would have with LF. `stats` has
    the stats of the files, so that the next snapshot need not read them; `learned` says whether any are new.
    """

    hashes: dict[str, str] = field(default_factory=dict)
    conflicts: dict[str, int] = field(default_factory=dict)
    with_line_feeds: dict[str, str] = field(default_factory=dict)
    folders: set[str] = field(default_factory=set)
    leftovers: list[str] = field(default_factory=list)
    stats: dict[str, dict[str, FileStat]] = field(default_factory=dict)
    learned: bool = False


def output_folders(root: Path) -> tuple[str, ...]:
    """Return the names of the folders in output/ that do not begin with a dot, sorted: one for each environment.

    What is neither a file nor a folder counts, too, so that a snapshot reports it.
    """
    folder = root / OUTPUT
    with os.scandir(folder) if folder.is_dir() else contextlib.nullcontext(()) as entries:
        names = [entry.name for entry in entries if not entry.is_file(follow_symlinks=False)]
    return tuple(sorted(name for name in names if not name.startswith(".")))


def take_snapshot(
    root: Path, environments: Iterable[str], findings: Findings, known: FolderStats | None = None
) -> Snapshot:
    """Return the snapshot of these environments' folders; links and devices are findings (W010).

    Hidden files that Argo CD and Flux would not apply (such as `.DS_Store`) are ignored.

    Args:
        root: the repository's root.
        environments: the names of their folders.
        findings: gets the links and devices.
        known: the stats of files that need not be read if they are unchanged; without stats, all files are read.
    """
    walk = _Walk(Snapshot(), findings, known or {}, time.time_ns())
    if _is_folder(root / OUTPUT, OUTPUT, findings):
        if _is_folder(root / INDEX_FOLDER, INDEX_FOLDER, findings):
            _take_indexes(root, walk.snapshot, findings)
        for entry in os.scandir(root / OUTPUT):
            if obeyed_by(f"{OUTPUT}/{entry.name}"):
                walk.take_entry(entry, f"{OUTPUT}/{entry.name}", {})
        for folder in (f"{OUTPUT}/{environment}" for environment in environments):
            if _is_folder(root / folder, folder, findings):
                walk.take_folder(str(root / folder), folder)
    return walk.snapshot


def _is_folder(folder: Path, path: str, findings: Findings) -> bool:
    is_link = folder.is_symlink()
    if is_link or (folder.exists() and not folder.is_dir() and not folder.is_file()):
        _report_link(path, findings)
    return folder.is_dir() and not is_link


def _take_indexes(root: Path, snapshot: Snapshot, findings: Findings) -> None:
    """Take the temporary indexes of an interrupted run; report whatever else is in the place of an index."""
    for entry in sorted(os.scandir(root / INDEX_FOLDER), key=lambda entry: entry.name):
        path = f"{INDEX_FOLDER}/{entry.name}"
        if entry.name.endswith(f".index{TEMPORARY_SUFFIX}") and entry.name.startswith("."):
            snapshot.leftovers.append(path)
        elif entry.name.endswith(".index") and not entry.is_file(follow_symlinks=False):
            _report_link(path, findings)


LARGE = 64_000_000
"""A larger file cannot be an object: it is not read into memory as a whole."""


class _Walk(msgspec.Struct, frozen=True):
    snapshot: Snapshot
    findings: Findings
    known: FolderStats
    started: int

    def take_folder(self, folder: str, path: str) -> None:
        self.snapshot.folders.add(path)
        known, stats = self.known.get(path, {}), self.snapshot.stats.setdefault(path, {})
        with os.scandir(folder) as entries:
            for entry in entries:
                name = entry.name
                before = known.get(name)
                if before is not None and before.matches(entry.stat(follow_symlinks=False)):
                    self.snapshot.hashes[f"{path}/{name}"] = before.sha256
                    stats[name] = before
                else:
                    self.take_entry(entry, f"{path}/{name}", stats)

    def take_entry(self, entry: os.DirEntry[str], path: str, stats: dict[str, FileStat]) -> None:
        name = entry.name
        if entry.is_dir(follow_symlinks=False):
            self.take_folder(entry.path, path)
        elif not entry.is_file(follow_symlinks=False):
            _report_link(path, self.findings)
        elif not name.startswith(".") or name.endswith(MANIFEST_SUFFIXES) or obeyed_by(path):
            self.take_file(entry, path, stats)
        elif name.endswith(_WRITTEN_SUFFIXES):
            self.snapshot.leftovers.append(path)

    def take_file(self, entry: os.DirEntry[str], path: str, stats: dict[str, FileStat]) -> None:
        seen = entry.stat(follow_symlinks=False)
        try:
            sound = self.take_content(read_plain(entry.path, LARGE), path)
        except TooLarge:
            with open(entry.path, "rb") as file:  # noqa: PTH123
                self.snapshot.hashes[path] = hashlib.file_digest(file, "sha256").hexdigest()
            return
        if sound and (new := conclusive_stat(seen, self.snapshot.hashes[path], self.started)):
            stats[entry.name] = new
            self.snapshot.learned = True

    def take_content(self, data: bytes, path: str) -> bool:
        """Record a file's content; return whether Git has left it unchanged."""
        snapshot = self.snapshot
        snapshot.hashes[path] = sha256(data)
        if b"\r\n" in data:
            data = data.replace(b"\r\n", b"\n")
            snapshot.with_line_feeds[path] = sha256(data)
        if match := _CONFLICT.search(data):
            snapshot.conflicts[path] = data.count(b"\n", 0, match.start()) + 1
        return path not in snapshot.with_line_feeds and path not in snapshot.conflicts


def _report_link(path: str, findings: Findings) -> None:
    findings.add(NOT_A_FILE, "is neither a file nor a folder", subject=path, hint=f"remove it: rm {path}")
