"""The entry point of this stage: checks whether the output is current, plans the changes, and writes them."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import msgspec
from msgspec.structs import replace

from floe_compiler.model.cache import Cache
from floe_compiler.model.diagnostics import Diagnostic, Findings, StageFailed
from floe_compiler.model.files import FileSet, sha256
from floe_compiler.model.plain_files import NotPlain, link_in, read_below, read_if_plain, read_plain
from floe_compiler.model.spill import Spill, content
from floe_compiler.write.commit import Step, commit, reporting_refusals
from floe_compiler.write.index import index_lines, index_path, read_index
from floe_compiler.write.lock import locked
from floe_compiler.write.look import Look, Looks, all_environments, look
from floe_compiler.write.part import Part, other_files, own_index, own_snapshot, with_rest
from floe_compiler.write.plan import WritePlan, plan_writes, report_together
from floe_compiler.write.snapshot import take_snapshot
from floe_compiler.write.state import Compiled, encoded_stats, recall, remember, with_written
from floe_compiler.write.updates import guard_updates, may_be_refused


class WriteReport(msgspec.Struct, frozen=True):
    """The written (or planned) changes, and warnings. `indexes` are the changed indexes."""

    create: tuple[str, ...]
    change: tuple[str, ...]
    delete: tuple[str, ...]
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


def write_output(
    root: Path,
    files: Mapping[str, str],
    digests: Mapping[str, str],
    store: Cache,
    complete: bool = True,
    allow_delete: Iterable[str] = (),
    warnings: int = 0,
    seen: Looks | None = None,
    part: Part | None = None,
) -> WriteReport:
    """Make the output of these environments equal to `files`; only texts that must be written are read.

    All environments are planned before anything is written. Both is done for one after another.

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
        steps, report = planned or _plan(root, files, look(root, digests, store, complete), allowed, part)
        for step in steps:
            compiled = _carried_out(root, step, files, digests, warnings + len(report.warnings))
            if compiled:
                remember(store, root, step.environment, compiled)
    return report


def _carried_out(root: Path, step: Step, files: FileSet, digests: Mapping[str, str], warnings: int) -> Compiled | None:
    """Write one environment; return its state. None if it is not compiled any more."""
    written, name = commit(root, step, files), step.environment
    if name not in digests:
        return None
    stats = with_written(content(step.stats), written, time.time_ns())
    return Compiled(digests[name], _hash(root, index_path(name)), warnings, stats)


def warnings_if_current(root: Path, digests: Mapping[str, str], store: Cache, complete: bool = True) -> int | None:
    """Return the number of warnings when the output was compiled; None if the output is not current.

    It is current if it was compiled from inputs with exactly these digests, and no file has changed since.
    """
    if complete and all_environments(root, (), complete) != sorted(digests):
        return None
    known = {environment: recall(store, root, environment) for environment in digests}
    for environment, digest in digests.items():
        compiled = known[environment]
        if compiled is None or (compiled.digest, compiled.index) != (digest, _hash(root, index_path(environment))):
            return None
    compilations = {environment: compiled for environment, compiled in known.items() if compiled}
    if not all(_is_as_compiled(root, environment, compiled, store) for environment, compiled in compilations.items()):
        return None
    return max((compiled.warnings for compiled in compilations.values()), default=0)


def _is_as_compiled(root: Path, environment: str, compiled: Compiled, store: Cache) -> bool:
    """Return whether no file of an environment has changed since it was compiled."""
    findings = Findings()
    snapshot = take_snapshot(root, [environment], findings, compiled.stats)
    listed = set((read_index(root, environment) or "").splitlines()[1:])
    if findings.diagnostics or snapshot.leftovers or listed != set(index_lines(snapshot.hashes.items())):
        return False
    if snapshot.learned:
        remember(store, root, environment, replace(compiled, encoded_stats=encoded_stats(snapshot.stats)))
    return True


def _plan_as_seen(
    root: Path, files: FileSet, seen: Looks, allow_delete: frozenset[str], part: Part | None
) -> tuple[list[Step], WriteReport] | None:
    """Return the plan from an earlier look; None if there are errors, or the output has changed since."""
    changed: list[str] = []

    def check(look: Look, plan: WritePlan) -> None:
        touched = (*plan.create, *plan.change, *plan.delete)
        hashes, folders = look.snapshot.hashes, {path.rpartition("/")[0] for path in touched}
        same = (
            read_index(root, look.environment) == look.index
            and not any(link_in(root, folder) for folder in folders)
            and all(_is_as_seen(f"{root}/{path}", hashes.get(path, "")) for path in touched)
        )
        changed.extend([] if same else [look.environment])

    try:
        planned = _plan(root, files, seen, allow_delete, part, check)
    except StageFailed:
        return None
    return None if changed else planned


def _is_as_seen(file: str, digest: str) -> bool:
    """Return whether a file still has this hash, or there is nothing if that is empty; no folder of it is a link."""
    if not digest:
        return not os.path.lexists(file)
    try:
        return sha256(read_plain(file)) == digest
    except (FileNotFoundError, NotADirectoryError, NotPlain):
        return False


def _plan(
    root: Path,
    files: FileSet,
    seen: Looks,
    allow_delete: frozenset[str],
    part: Part | None,
    check: Callable[[Look, WritePlan], None] = lambda *_: None,
) -> tuple[list[Step], WriteReport]:
    """Return what to do in each environment; `check` is called with what was seen of it, and what is planned.

    Texts and stats are in a file meanwhile, so that those of one environment are in memory at a time.
    """
    findings, spill = Findings([*seen.findings]), Spill()

    def planned(looked: Look) -> Step:
        own = files.of_environment(looked.environment)
        plan = _plan_environment(own, looked, allow_delete, part, findings)
        changed = {path: read_below(root, path) for path in may_be_refused(plan.change)}
        guard_updates(changed, own, allow_delete, findings)
        check(looked, plan)
        return Step.of(looked.environment, plan, looked.stats, spill)

    steps = list(map(planned, seen))  # unlike in a loop, what is done is forgotten before the next one is decoded
    if foreign := files.environments() - {step.environment for step in steps}:
        raise ValueError(f"files of {', '.join(sorted(foreign))}, which is none of the compiled environments")
    plans = [step.plan for step in steps]
    report_together(plans, findings)
    report = WriteReport(
        tuple(sorted(path for plan in plans for path in plan.create)),
        tuple(sorted(path for plan in plans for path in plan.change)),
        tuple(sorted(path for plan in plans for path in plan.delete)),
        tuple(path for step in steps for path in step.indexes),
        findings.finish(),
    )
    return steps, report


def _plan_environment(
    files: FileSet, seen: Look, allow_delete: frozenset[str], part: Part | None, findings: Findings
) -> WritePlan:
    indexes = {seen.environment: seen.index}
    if part is None:
        return plan_writes(files.digests, indexes, seen.snapshot, allow_delete, findings)
    own = {environment: own_index(part, text) for environment, text in indexes.items()}
    others = other_files(part, indexes)
    plan = plan_writes(files.digests, own, own_snapshot(part, seen.snapshot), allow_delete, findings, others)
    return with_rest(part, plan, indexes)


def _hash(root: Path, path: str) -> str:
    """Return the hash of a file; empty if there is none."""
    data = read_if_plain(root, path)
    return "" if data is None else sha256(data)
