"""The entry point of this stage: checks whether the output is current, plans the changes, and writes them."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from floe_compiler.model.cache import Cache
from floe_compiler.model.diagnostics import Diagnostic, Findings, StageFailed
from floe_compiler.model.files import FileSet, sha256
from floe_compiler.model.plain_files import NotPlain, link_in, read_below, read_if_plain, read_plain
from floe_compiler.write.commit import commit, reporting_refusals
from floe_compiler.write.index import index_lines, index_path, indexed_environments, read_index
from floe_compiler.write.lock import locked
from floe_compiler.write.part import Part, other_files, own_index, own_snapshot, with_rest
from floe_compiler.write.plan import WritePlan, plan_writes
from floe_compiler.write.snapshot import Snapshot, output_folders, take_snapshot
from floe_compiler.write.state import Compiled, known_stats, recall, remember, stats_of
from floe_compiler.write.stats import add_written
from floe_compiler.write.updates import guard_updates, may_be_refused


class WriteReport(msgspec.Struct, frozen=True):
    """The written (or planned) changes, and warnings. `indexes` are the changed indexes."""

    create: tuple[str, ...]
    change: tuple[str, ...]
    delete: tuple[str, ...]
    keep: tuple[str, ...]
    indexes: tuple[str, ...]
    warnings: tuple[Diagnostic, ...]

    @property
    def stale(self) -> bool:
        """Return whether the output differs from what the inputs compile to."""
        return bool(self.create or self.change or self.delete or self.indexes)


def check_output(
    root: Path,
    files: Mapping[str, str],
    environments: Iterable[str],
    complete: bool = True,
    allow_delete: Iterable[str] = (),
    part: Part | None = None,
) -> WriteReport:
    """Return what `write_output` would do, without changes. All files are read; the cache is not used.

    Raises:
        StageFailed: as `write_output` does.
    """
    with reporting_refusals(root):
        seen = look(root, environments, None, complete)
        return _plan(root, FileSet.of_texts(files), seen, frozenset(allow_delete), part)[1]


class Look(msgspec.Struct, frozen=True):
    """What a run has seen under output/: the indexes, the files, and the findings about these."""

    indexes: Mapping[str, str | None]
    snapshot: Snapshot
    findings: tuple[Diagnostic, ...]


def look(root: Path, environments: Iterable[str], store: Cache | None, complete: bool = True) -> Look:
    """Look at the output of these environments; without a cache, all files are read.

    Raises:
        StageFailed: with W011 if the output cannot be read.
    """
    with reporting_refusals(root):
        findings, places = Findings(), _environments(root, environments, complete)
        known = recall(store, root, places) if store else {}
        indexes = {environment: read_index(root, environment) for environment in places}
        snapshot = take_snapshot(root, places, findings, known_stats(known))
        return Look(indexes, snapshot, tuple(findings.diagnostics))


def write_output(
    root: Path,
    files: Mapping[str, str],
    digests: Mapping[str, str],
    store: Cache,
    complete: bool = True,
    allow_delete: Iterable[str] = (),
    warnings: int = 0,
    seen: Look | None = None,
    part: Part | None = None,
) -> WriteReport:
    """Make the output of these environments equal to `files`; only texts that must be written are read.

    Args:
        root: the repository's root.
        files: what the inputs compile to, by path from the root; preferably a `FileSet`, which has the hashes.
        digests: for each compiled environment, the digest of its inputs.
        store: the cache.
        complete: whether these are all environments, so that the output of others is deleted.
        allow_delete: `<environment>` or `<environment>/<folder>` where deletions are allowed.
        warnings: how many warnings the earlier stages gave, for `warnings_if_current`.
        seen: an earlier look at the output. If the output has changed since, it is looked at again.
        part: the part of the output that `files` are; everything else stays as it is (default: all).

    Raises:
        StageFailed: with everything that prevents writing, before any change; or with W011 while writing.
    """
    files = FileSet.of_texts(files)
    with reporting_refusals(root), locked(root):
        allowed = frozenset(allow_delete)
        planned = _plan_as_seen(root, files, seen, allowed, part) if seen else None
        if seen is None or planned is None:
            seen = look(root, digests, store, complete)
            planned = _plan(root, files, seen, allowed, part)
        plan, report = planned
        written = commit(root, plan, files)
        stats = seen.snapshot.stats
        add_written(stats, written, time.time_ns())
        compiled = {
            name: Compiled.of(
                digest, _hash(root, index_path(name)), warnings + len(report.warnings), stats_of(stats, name)
            )
            for name, digest in digests.items()
        }
        remember(store, root, compiled)
    return report


def warnings_if_current(root: Path, digests: Mapping[str, str], store: Cache, complete: bool = True) -> int | None:
    """Return the number of warnings when the output was compiled; None if the output is not current.

    It is current if it was compiled from inputs with exactly these digests, and no file has changed since.
    """
    if complete and _environments(root, (), complete) != sorted(digests):
        return None
    known = recall(store, root, digests)
    for environment, digest in digests.items():
        compiled = known.get(environment)
        if compiled is None or (compiled.digest, compiled.index) != (digest, _hash(root, index_path(environment))):
            return None
    findings = Findings()
    snapshot = take_snapshot(root, digests, findings, known_stats(known))
    if findings.diagnostics or snapshot.leftovers or not _as_indexed(root, digests, snapshot):
        return None
    if snapshot.learned:
        renewed = {name: known[name].with_stats(stats_of(snapshot.stats, name)) for name in digests}
        remember(store, root, renewed)
    return max((known[name].warnings for name in digests), default=0)


def _as_indexed(root: Path, environments: Iterable[str], snapshot: Snapshot) -> bool:
    """Return whether the indexes list exactly the files on disk, with their contents."""
    listed = {line for name in environments for line in (read_index(root, name) or "").splitlines()[1:]}
    return listed == set(index_lines(snapshot.hashes.items()))


def _plan_as_seen(
    root: Path, files: FileSet, seen: Look, allow_delete: frozenset[str], part: Part | None
) -> tuple[WritePlan, WriteReport] | None:
    """Return the plan from an earlier look; None if there are errors, or the output has changed since."""
    try:
        planned = _plan(root, files, seen, allow_delete, part)
    except StageFailed:
        return None
    plan, _ = planned
    touched = (*plan.create, *plan.change, *plan.delete)
    indexes = {environment: read_index(root, environment) for environment in seen.indexes}
    hashes, folders = seen.snapshot.hashes, {path.rpartition("/")[0] for path in touched}
    same = (
        indexes == seen.indexes
        and not any(link_in(root, folder) for folder in folders)
        and all(_is_as_seen(f"{root}/{path}", hashes.get(path, "")) for path in touched)
    )
    return planned if same else None


def _is_as_seen(file: str, digest: str) -> bool:
    """Return whether a file still has this hash, or there is nothing if that is empty; no folder of it is a link."""
    if not digest:
        return not os.path.lexists(file)
    try:
        return sha256(read_plain(file)) == digest
    except (FileNotFoundError, NotADirectoryError, NotPlain):
        return False


def _plan(
    root: Path, files: FileSet, seen: Look, allow_delete: frozenset[str], part: Part | None
) -> tuple[WritePlan, WriteReport]:
    findings, indexes = Findings([*seen.findings]), seen.indexes
    if part is None:
        plan = plan_writes(files.digests, indexes, seen.snapshot, allow_delete, findings)
    else:
        own = {environment: own_index(part, text) for environment, text in indexes.items()}
        others = other_files(part, indexes)
        plan = plan_writes(files.digests, own, own_snapshot(part, seen.snapshot), allow_delete, findings, others)
        plan = with_rest(part, plan, indexes)
    changed = {path: read_below(root, path) for path in may_be_refused(plan.change)}
    guard_updates(changed, files, allow_delete, findings)
    return plan, WriteReport(plan.create, plan.change, plan.delete, plan.keep, tuple(plan.indexes), findings.finish())


def _environments(root: Path, compiled: Iterable[str], complete: bool) -> list[str]:
    """Return the compiled environments and, if these are all, also removed environments that still have output."""
    others = (*indexed_environments(root), *output_folders(root)) if complete else ()
    return sorted({*compiled, *others})


def _hash(root: Path, path: str) -> str:
    """Return the hash of a file; empty if there is none."""
    data = read_if_plain(root, path)
    return "" if data is None else sha256(data)
