"""A part of the output: the namespaces that a run may write. The rest of the output, and of its indexes, stays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec
from msgspec.structs import replace

from floe_compiler.model.objects import ObjectId
from floe_compiler.model.output_paths import folder_path, object_path, tests_folder
from floe_compiler.write.index import index_path, index_text
from floe_compiler.write.plan import WritePlan
from floe_compiler.write.snapshot import Snapshot

_DEPTHS = (3, 4)
"""How many folders a namespace's folder is in, itself included: one more where an environment has several clusters."""


class Part(msgspec.Struct, frozen=True):
    """The folders of some namespaces, and the files with the Namespaces themselves."""

    folders: frozenset[str]
    files: frozenset[str]

    @classmethod
    def of(cls, namespaces: Mapping[str, Iterable[str]]) -> Part:
        """Return the part of the output with these namespaces, by environment."""
        pairs = [(environment, name) for environment, names in namespaces.items() for name in names]
        files = (object_path(environment, ObjectId("", "Namespace", "", name), True) for environment, name in pairs)
        folders = (folder for pair in pairs for folder in (folder_path(*pair), tests_folder(*pair)))
        return cls(frozenset(folders), frozenset(files))

    def __contains__(self, path: str) -> bool:
        """Return whether a file or folder is in this part."""
        steps = path.split("/")
        return path in self.files or any("/".join(steps[:depth]) in self.folders for depth in _DEPTHS)


def own_index(part: Part, text: str | None) -> str | None:
    """Return an index with the lines of this part only; None if there are none."""
    lines = [line for line in (text or "").splitlines()[1:] if _path(line) in part]
    return index_text(lines) if lines else None


def own_snapshot(part: Part, snapshot: Snapshot) -> Snapshot:
    """Return the snapshot of the files of this part."""
    return Snapshot(
        hashes={path: digest for path, digest in snapshot.hashes.items() if path in part},
        conflicts={path: line for path, line in snapshot.conflicts.items() if path in part},
        with_line_feeds={path: digest for path, digest in snapshot.with_line_feeds.items() if path in part},
        folders={path for path in snapshot.folders if path in part},
        leftovers=snapshot.leftovers,
        stats=snapshot.stats,
        learned=snapshot.learned,
    )


def other_files(part: Part, indexes: Mapping[str, str | None]) -> set[str]:
    """Return the files that the indexes list besides those of this part."""
    return {_path(line) for text in indexes.values() for line in _rest(part, text)}


def with_rest(part: Part, plan: WritePlan, indexes: Mapping[str, str | None]) -> WritePlan:
    """Return the plan with whole indexes: to the lines of this part it adds those that the indexes have besides.

    Args:
        part: The part of the output.
        plan: The plan of this part.
        indexes: The text of each environment's index before.
    """
    rest = {index_path(environment): _rest(part, text) for environment, text in indexes.items()}
    final = {path: _joined(text, rest[path]) for path, text in plan.indexes.items()}
    interim = {path: _joined(text, rest[path]) or "" for path, text in plan.interim.items()}
    return replace(plan, interim=interim, indexes=final)


def _rest(part: Part, text: str | None) -> list[str]:
    return [line for line in (text or "").splitlines() if _path(line) and _path(line) not in part]


def _joined(text: str | None, rest: Iterable[str]) -> str | None:
    lines = sorted((*(text or "").splitlines()[1:], *rest), key=lambda line: (_path(line), line))
    return index_text(lines) if lines else None


def _path(line: str) -> str:
    """Return the path in a line of an index; empty for another line."""
    return "" if line.startswith("#") else line.partition("  ")[2]
