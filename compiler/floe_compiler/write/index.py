"""The index of an environment: the files under output/ that this tool wrote, and their hashes.

It has one line for each file, in the format of `sha256sum`, sorted by path. It has no digest of the inputs and no
version, as these differ between branches, so that all pull requests would conflict. If two branches change different
files, their indexes merge into the index of the merged inputs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from pathlib import Path

from floe_compiler.model.diagnostics import Findings, Rule
from floe_compiler.model.output_paths import OUTPUT
from floe_compiler.model.plain_files import read_if_plain
from floe_compiler.model.span import Span

INDEX_FOLDER = f"{OUTPUT}/.floe"
HEADER = "# floe-compile index 1: the files it wrote and may change or delete. Read by: sha256sum --check"

Entry = tuple[str, str]
"""A path, and a SHA-256 hash of its content. After a merge or an interrupted run, a path may have several."""

BROKEN_INDEX = Rule(
    "W007",
    "unreadable index",
    "The list of files that this tool owns in an environment cannot be read, so nothing can be deleted safely. "
    "Restore it from Git, or delete it and compile again; files with the right content are kept.",
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
    return index_text(index_lines(sorted(entries)))


def index_text(lines: Iterable[str]) -> str:
    """Return the index of the entries with these lines, which are sorted by path."""
    return "\n".join([HEADER, *lines, ""])


def parse_index(environment: str, text: str, findings: Findings, known: AbstractSet[str] = frozenset()) -> set[Entry]:
    """Return the entries of an index; invalid lines, and lines with files elsewhere, are findings (W007).

    Markers of a merge conflict are skipped, as the tool wrote the files of both sides. The entries of the lines in
    `known` are left out.
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
    data = read_if_plain(root, index_path(environment))  # the snapshot reports links and devices
    return None if data is None else data.decode("utf-8", errors="replace")
