"""The index of an environment: which files under output/ this tool wrote, and with what content.

It holds one line for each file, as `sha256sum` writes them, sorted by path, and nothing else: no digest of the inputs
and no version, which would differ on any two branches and so make every two pull requests conflict. Two branches that
touch different files merge into the index of the merged inputs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from floe_compiler.model.diagnostics import Findings, Rule
from floe_compiler.model.files import OUTPUT
from floe_compiler.model.span import Span

INDEX_FOLDER = f"{OUTPUT}/.floe"
HEADER = "# floe-compile index 1: the files it wrote and may change or delete. Read by: sha256sum --check"

Index = Mapping[str, frozenset[str]]
"""For each file, the SHA-256 hashes that its content may have; more than one after a merge or an interrupted run."""

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


def render_index(hashes: Mapping[str, Iterable[str]]) -> str:
    """Return the index as text."""
    lines = [f"{digest}  {path}" for path in sorted(hashes) for digest in sorted(hashes[path])]
    return "\n".join([HEADER, *lines, ""])


def parse_index(environment: str, text: str, findings: Findings) -> Index:
    """Return what an index says; lines that make no sense, or name files elsewhere, are findings (W007).

    The markers of a merge conflict are passed over: what either side wrote is ours.
    """
    path = index_path(environment)
    hashes: dict[str, frozenset[str]] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if line.startswith("#"):
            _check_version(Span(path, number), line, findings)
        elif match := _LINE.fullmatch(line):
            digest, file = match.groups()
            if file.startswith(f"{OUTPUT}/{environment}/"):
                hashes[file] = hashes.get(file, frozenset()) | {digest}
            else:
                _report(f"{file} is not a file of environment {environment}", Span(path, number), findings)
        elif line and not line.startswith(_CONFLICT_MARKERS):
            _report("this line is not a hash and a path", Span(path, number), findings)
    return hashes


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


def read_index(root: Path, environment: str, findings: Findings) -> Index:
    """Return an environment's index from disk, empty if there is none."""
    path = root / index_path(environment)
    if not path.is_file():
        return {}
    return parse_index(environment, path.read_bytes().decode("utf-8", errors="replace"), findings)
