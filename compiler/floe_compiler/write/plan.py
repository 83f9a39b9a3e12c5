"""Plans the changes, from the wanted files, the owned files and the files on disk. It changes nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Literal, get_args

import msgspec

from floe_compiler.model.diagnostics import Findings, Rule
from floe_compiler.model.output_paths import OUTPUT
from floe_compiler.model.span import Span
from floe_compiler.write.folders import with_parents
from floe_compiler.write.foreign import report_foreign
from floe_compiler.write.guard import Deletions, refused_deletions, report_refused
from floe_compiler.write.ownership import Ownership, compare_ownership
from floe_compiler.write.snapshot import Snapshot

EDITED = Rule(
    "W003",
    "compiled file edited by hand",
    "A file under output/ was changed after it was compiled, and compiling again would lose the change. Change the "
    "inputs instead, or write a patch in base/ or overlays/, then delete the file and compile again.",
)
CONFLICT = Rule(
    "W016",
    "merge conflict in a compiled file",
    "Git has written both sides of a conflict into a file under output/. Merge the inputs, take either side of the "
    "file, and compile again, which overwrites it.",
)
LINE_ENDS = Rule(
    "W017",
    "compiled files with other line ends",
    "The files under output/ have LF line ends on all systems, so that everyone compiles the same bytes. Git changed "
    "them to CR LF at checkout (core.autocrlf). Turn that off in .gitattributes.",
)
IN_THE_WAY = Rule(
    "W004",
    "foreign file in the way",
    "Something that this tool did not write is at the path of a compiled file. Move or delete it.",
)
_CHECK_OUT_AGAIN = ("git add .gitattributes", f"rm -r {OUTPUT}", f"git checkout -- {OUTPUT}")

Decision = Literal["create", "change", "delete", "keep", "edited", "conflict", "line ends", "in the way", "stray"]


class WritePlan(msgspec.Struct, frozen=True):
    """The paths to create, change and delete; all sorted.

    `interim` are the texts of indexes while files are being written, and `indexes` those afterwards (None: the index is
    deleted); both only have indexes that change. `leftovers` are temporary files to delete. `empty` are the folders
    that become empty, deepest first. `refused` are deletions that are not allowed, and `line_ends` the number of files
    that differ in line ends only: both are reported for all environments at once (`report_together`).
    """

    create: tuple[str, ...] = ()
    change: tuple[str, ...] = ()
    delete: tuple[str, ...] = ()
    interim: Mapping[str, str] = msgspec.field(default_factory=dict)
    indexes: Mapping[str, str | None] = msgspec.field(default_factory=dict)
    leftovers: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()
    refused: Deletions = Deletions()
    line_ends: int = 0


def decide(wanted: str | None, on_disk: str | None, ours: Collection[str]) -> Decision:
    """Return the action for one path.

    Args:
        wanted: the hash of the compiled file; None if there should be no such file.
        on_disk: the hash of the file on disk; None if there is none.
        ours: its hashes in the index; empty if the index does not list it.
    """
    if on_disk is None:
        return "create" if wanted else "keep"
    if on_disk == wanted:  # Even if the index does not list it: after an interrupted run, or if the index was lost.
        return "keep"
    if on_disk in ours:
        return "change" if wanted else "delete"
    if ours:
        return "edited"
    return "in the way" if wanted else "stray"


def plan_writes(
    wanted: Mapping[str, str],
    indexes: Mapping[str, str | None],
    snapshot: Snapshot,
    allow_delete: frozenset[str],
    findings: Findings,
    others: Collection[str] = (),
) -> WritePlan:
    """Return the plan that makes the output of these environments equal to the wanted files.

    Its time depends on the differences only, as set operations skip unchanged files.

    Args:
        wanted: the hash of each file that the inputs compile to, sorted by path.
        indexes: the text of each environment's index (also of environments that are no longer declared); None if there
            is none.
        snapshot: the files on disk in these environments' folders.
        allow_delete: `<environment>` or `<environment>/<folder>` where deletions are allowed.
        findings: gets the edited files (W003) and foreign files (W004, W005, W015).
        others: further files of these environments, which stay as they are.

    Raises:
        StageFailed: if an index is broken (W007), as more findings would only follow from it.
        ValueError: if a file belongs to none of the environments, so that no index would list it.
    """
    owned = compare_ownership(wanted, indexes, findings)
    findings.finish()
    differing = {path for path, _ in wanted.items() ^ snapshot.hashes.items()}
    folders = with_parents(wanted)
    decisions = _decisions(sorted(differing), owned, snapshot)
    decisions["in the way"].extend(_blocked(wanted, folders, snapshot))
    _report(decisions, snapshot, findings)
    if decisions["stray"]:
        report_foreign(decisions["stray"], {*wanted, *owned.paths(), *others}, findings)
    refused = Deletions()
    if decisions["delete"]:
        owned_paths = owned.paths().union(others)
        refused = refused_deletions(decisions["delete"], {*wanted, *others}, owned_paths, allow_delete)
    staying = with_parents((differing - set(decisions["delete"])) & snapshot.hashes.keys())
    return WritePlan(
        create=tuple(decisions["create"]),
        change=tuple(decisions["change"]),
        delete=tuple(decisions["delete"]),
        interim=owned.interim,
        indexes=owned.final,
        leftovers=tuple(sorted(snapshot.leftovers)),
        empty=tuple(sorted(snapshot.folders - folders - staying, reverse=True)),
        refused=refused,
        line_ends=len(decisions["line ends"]),
    )


def report_together(plans: Sequence[WritePlan], findings: Findings) -> None:
    """Report what is one mistake in all environments: refused deletions (W006), and other line ends (W017)."""
    report_refused([plan.refused for plan in plans], findings)
    if count := sum(plan.line_ends for plan in plans):
        difference = "1 file differs" if count == 1 else f"{count} files differ"
        message = f"{difference} from what was compiled in line ends only (CR LF, not LF)"
        hint = 'write "output/** text eol=lf" into .gitattributes, then: ' + " && ".join(_CHECK_OUT_AGAIN)
        findings.add(LINE_ENDS, message, subject=OUTPUT, hint=hint)


def _decisions(paths: Iterable[str], owned: Ownership, snapshot: Snapshot) -> Mapping[Decision, list[str]]:
    decisions: dict[Decision, list[str]] = {decision: [] for decision in get_args(Decision)}
    for path in paths:
        decisions[_decision(path, owned.wanted.get(path), owned.hashes(path), snapshot)].append(path)
    return decisions


def _decision(path: str, wanted: str | None, ours: Collection[str], snapshot: Snapshot) -> Decision:
    """Return the action for one path; for a file that was changed, also how it was changed."""
    decision = decide(wanted, snapshot.hashes.get(path), ours)
    if decision not in ("edited", "in the way"):
        return decision
    if snapshot.with_line_feeds.get(path, "") in {wanted, *ours}:
        return "line ends"
    return "conflict" if path in snapshot.conflicts else decision


def _blocked(wanted: Mapping[str, str], folders: set[str], snapshot: Snapshot) -> list[str]:
    """Return the files in the place of a folder, and the folders in the place of a file."""
    return sorted((folders & snapshot.hashes.keys()) | (wanted.keys() & snapshot.folders))


def _report(decisions: Mapping[Decision, list[str]], snapshot: Snapshot, findings: Findings) -> None:
    for path in decisions["edited"]:
        hint = "change the inputs or write a patch in overlays/, then delete the file and compile again"
        findings.add(EDITED, "the file was edited by hand after it was compiled", Span(path), hint=hint)
    for path in decisions["conflict"]:
        hint = f"merge the inputs, take either side of this, and compile again: git checkout --ours -- {path}"
        findings.add(CONFLICT, "the file has a merge conflict", Span(path, snapshot.conflicts[path]), hint=hint)
    for path in decisions["in the way"]:
        message = "floe-compile did not write this, and a compiled file must go here"
        findings.add(IN_THE_WAY, message, Span(path), hint="move or delete it")
