"""The files that the tool owns, as the difference between indexes and wanted files, which is small after an edit."""

from __future__ import annotations

import sys
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from floe_compiler.model.diagnostics import Findings
from floe_compiler.model.output_paths import OUTPUT
from floe_compiler.write.index import Entry, index_lines, index_path, index_text, parse_index, render_index


@dataclass(slots=True)
class Ownership:
    """The files and contents that this tool wrote, as the difference between the indexes on disk and the wanted files.

    `former` has, by path, the hashes in an index that are not wanted. `unlisted` are the wanted paths that no index
    lists with the wanted hash. For each index that must change, `interim` has its text with the old and the new
    entries, and `final` its text after everything is written (None: the index is deleted).
    """

    wanted: Mapping[str, str]
    former: dict[str, set[str]] = field(default_factory=dict)
    unlisted: set[str] = field(default_factory=set)
    interim: dict[str, str] = field(default_factory=dict)
    final: dict[str, str | None] = field(default_factory=dict)

    def hashes(self, path: str) -> AbstractSet[str]:
        """Return the hashes of a file in the index; empty if the index does not list the file."""
        wanted = self.wanted.get(path)
        listed = {wanted} if wanted is not None and path not in self.unlisted else set()
        return listed | self.former.get(path, set())

    def paths(self) -> set[str]:
        """Return all files that the indexes list."""
        return (self.wanted.keys() - self.unlisted) | self.former.keys()


def compare_ownership(wanted: Mapping[str, str], indexes: Mapping[str, str | None], findings: Findings) -> Ownership:
    """Compare the indexes with the wanted files; errors in an index are findings (W007).

    Args:
        wanted: the hash of each file that the inputs compile to, by path, sorted by path.
        indexes: the text of each environment's index, None if there is none.
        findings: gets the errors in an index.

    Raises:
        ValueError: if a file belongs to none of the environments, so that no index would list it.
    """
    ownership = Ownership(wanted)
    paths, entries = list(wanted), list(wanted.items())
    spans = {name: _span(paths, f"{OUTPUT}/{name}/") for name in sorted(indexes)}
    if sum(map(len, spans.values())) < len(paths):
        foreign = min(set(range(len(paths))).difference(*spans.values()))
        raise ValueError(f"{paths[foreign]} belongs to no compiled environment")
    for name, span in spans.items():
        _compare(ownership, name, dict(entries[span.start : span.stop]), indexes[name], findings)
    return ownership


def _span(paths: Sequence[str], folder: str) -> range:
    """Return where the paths below a folder stand among these, which are sorted."""
    start = bisect_left(paths, folder)
    return range(start, bisect_left(paths, f"{folder}{chr(sys.maxunicode)}", start))


def _compare(
    ownership: Ownership, environment: str, wanted: Mapping[str, str], text: str | None, findings: Findings
) -> None:
    lines = index_lines(wanted.items())
    final = index_text(lines) if wanted else None
    if final == text:
        return
    path, paths = index_path(environment), dict(zip(lines, wanted, strict=True))
    former: set[Entry] = parse_index(environment, text or "", findings, paths.keys())
    for file, digest in former:
        ownership.former.setdefault(file, set()).add(digest)
    ownership.unlisted.update(paths[line] for line in paths.keys() - (text or "").splitlines())
    ownership.final[path] = final
    interim = render_index([*wanted.items(), *former]) if former else final or index_text(lines)
    if interim != text:
        ownership.interim[path] = interim
