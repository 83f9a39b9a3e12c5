"""The index of an environment: which files under output/ this tool wrote, and with what content.

It holds one line for each file, as `sha256sum` writes them, sorted by path, and nothing else: no digest of the inputs
and no version, which would differ on any two branches and so make every two pull requests conflict. Two branches that
touch different files merge into the index of the merged inputs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from pathlib import Path

from floe_compiler.model.diagnostics import Findings, Rule
from floe_compiler.model.files import OUTPUT
from floe_compiler.model.span import Span

INDEX_FOLDER = f"{OUTPUT}/.floe"
HEADER = "# floe-compile index 1: the files it wrote and may change or delete. Read by: sha256sum --check"

Entry = tuple[str, str]
"""A path and a SHA-256 hash that its content may have. After a merge or an interrupted run, a path has several."""

BROKEN_INDEX = Rule(
    "W007",
    "unreadable index",
    "The list of files that this tool owns in an environment cannot be understood, so nothing can be deleted safely. "
    "Restore it from Git, or delete it and compile again: files with the right content are taken over.",
)

_LINE = re.compile(r"([0-9a-f]{64})  (\S+)")
_VERSION = re.compile(r"# floe-compile index (\d+)")
_CONFLICT_MARKERS = ("<<<<<<<", "|||||||", "=======", ">>>>>>>")


def index_path(environment: str) -> str:
    """Return the path of an environment's index from the repository's root."""
    return f"{INDEX_FOLDER}/{environment}.index"


def index_lines(entries: Iterable[Entry]) -> list[str]:
    """Return the line of each entry."""
    return [f"{digest}  {path}" for path, digest in entries]


def render_index(entries: Iterable[Entry]) -> str:
    """Return the index of these entries as text."""
    return "\n".join([HEADER, *index_lines(sorted(entries)), ""])


def parse_index(environment: str, text: str, findings: Findings, known: AbstractSet[str] = frozenset()) -> set[Entry]:
    """Return the entries of an index; lines that make no sense, or name files elsewhere, are findings (W007).

    The markers of a merge conflict are passed over: what either side wrote is ours. The entries of the lines in `known`
    are left out.
    """
    path = index_path(environment)
    further = ((number, line) for number, line in enumerate(text.splitlines(), start=1) if line not in known)
    entries = (_parse_line(environment, line, Span(path, number), findings) for number, line in further)
    return {entry for entry in entries if entry}


def _parse_line(environment: str, line: str, span: Span, findings: Findings) -> Entry | None:
    if line.startswith("#"):
        _check_version(span, line, findings)
    elif match := _LINE.fullmatch(line):
        digest, file = match.groups()
        if file.startswith(f"{OUTPUT}/{environment}/"):
            return file, digest
        _report(f"{file} is not a file of environment {environment}", span, findings)
    elif line and not line.startswith(_CONFLICT_MARKERS):
        _report("this line is not a hash and a path", span, findings)
    return None


def _check_version(span: Span, line: str, findings: Findings) -> None:
    version = _VERSION.match(line)
    if version and version[1] != "1":
        _report(f"the index has format {version[1]}, and this version of floe-compile knows format 1", span, findings)


def _report(message: str, span: Span, findings: Findings) -> None:
    hint = f"restore it (git checkout -- {span.file}), or delete it and compile again"
    findings.add(BROKEN_INDEX, message, span, hint=hint)


def indexed_environments(root: Path) -> tuple[str, ...]:
    """Return the environments that have an index, sorted."""
    return tuple(sorted(path.stem for path in (root / INDEX_FOLDER).glob("[!.]*.index")))


def read_index(root: Path, environment: str) -> str | None:
    """Return the text of an environment's index, None if there is none."""
    path = root / index_path(environment)
    return path.read_bytes().decode("utf-8", errors="replace") if path.is_file() else None
