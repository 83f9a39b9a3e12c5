"""The files of the compiled output: where each object goes, and a set in which no file can hide another."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from floe_compiler.model.diagnostics import Findings, Rule
from floe_compiler.model.objects import ObjectId

OUTPUT = "output"
CLUSTER_FOLDER = "_cluster"
DELIVERY_FOLDER = "_delivery"

LONGEST_NAME = 150
"""Leaves room for the folders in the 260 characters that Windows allows a whole path by default."""

# Windows refuses these as the part before the first dot, in any folder
# (learn.microsoft.com/windows/win32/fileio/naming-a-file).
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?=\.|$)")
_UNSAFE = re.compile(r"[^a-z0-9.-]")
_BROKEN_ESCAPE = re.compile(r"%[0-9a-f]?$")

ONE_PATH = Rule(
    "W001",
    "two objects in one file",
    "Two objects would be written to the same file, so one of them would be lost. Give one of them another name.",
)
CASE_CLASH = Rule(
    "W002",
    "paths that differ only in case",
    "Two output paths are equal but for upper and lower case or Unicode form. macOS and Windows check out only one of "
    "them. Give one of the objects another name.",
)


@dataclass(frozen=True, slots=True)
class File:
    """One file to write: its path from the repository's root, its text, and the object it holds, for messages."""

    path: str
    text: str
    subject: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class FileSet(Mapping[str, str]):
    """The text of each output file, by its path from the repository's root, in the order of the paths."""

    by_path: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, files: Iterable[File], findings: Findings) -> FileSet:
        """Return the set of these files; two that fall on one path (W001, W002) are findings, and the first stays."""
        taken: dict[str, File] = {}
        for file in files:
            first = taken.setdefault(unicodedata.normalize("NFC", file.path.casefold()), file)
            if first is not file:
                _report_clash(first, file, findings)
        return cls({file.path: file.text for file in sorted(taken.values(), key=lambda file: file.path)})

    def __getitem__(self, path: str) -> str:
        return self.by_path[path]

    def __iter__(self) -> Iterator[str]:
        return iter(self.by_path)

    def __len__(self) -> int:
        return len(self.by_path)


def _report_clash(first: File, second: File, findings: Findings) -> None:
    names = f"{first.subject or 'one object'} and {second.subject or 'another'}"
    if first.path == second.path:
        findings.add(ONE_PATH, f"{names} would both be written to {first.path}", subject=second.subject)
    else:
        findings.add(CASE_CLASH, f"{names} would be written to {first.path} and {second.path}", subject=second.subject)


def object_path(environment: str, identity: ObjectId, cluster_scoped: bool) -> str:
    """Return the path of an object's file: `output/<environment>/<namespace or _cluster>/<file name>`.

    Raises:
        ValueError: if a namespaced object has no namespace; the checks refuse such objects before.
    """
    if not cluster_scoped and not identity.namespace:
        raise ValueError(f"{identity} has no namespace")
    return f"{folder_path(environment, '' if cluster_scoped else identity.namespace)}/{file_name(identity)}"


def folder_path(environment: str, namespace: str = "") -> str:
    """Return the path of the folder with a namespace's objects, or without one: with those of the cluster."""
    folder = _portable(_escape(namespace)) if namespace else CLUSTER_FOLDER
    return f"{OUTPUT}/{environment}/{folder}"


def delivery_path(environment: str, identity: ObjectId) -> str:
    """Return the path of an Argo CD or Flux object, whatever its namespace: `output/<environment>/_delivery/…`."""
    return f"{OUTPUT}/{environment}/{DELIVERY_FOLDER}/{file_name(identity)}"


def file_name(identity: ObjectId) -> str:
    """Return `<kind>[.<group>]_<name>.yaml` in lower case, safe on every file system.

    The version is left out, so that a new apiVersion is an edit, not a deletion. What is not a lower-case letter,
    digit, `.` or `-` is percent-encoded (RBAC names may hold `:`); `_` thus stands only between kind and name, and
    before the hash with which a long name ends.
    """
    group = f".{identity.group}" if identity.group else ""
    stem = _portable(f"{_escape(identity.kind.lower() + group)}_{_escape(identity.name)}")
    if len(stem) > LONGEST_NAME:
        digest = hashlib.sha256(stem.encode()).hexdigest()[:8]
        stem = f"{_BROKEN_ESCAPE.sub('', stem[: LONGEST_NAME - 9])}_{digest}"
    return f"{stem}.yaml"


def _escape(text: str) -> str:
    return _UNSAFE.sub(lambda match: "".join(f"%{byte:02x}" for byte in match[0].encode()), text)


def _portable(name: str) -> str:
    return f"%{ord(name[0]):02x}{name[1:]}" if _RESERVED.match(name) else name
