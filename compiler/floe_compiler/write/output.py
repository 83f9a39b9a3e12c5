"""The way into this stage: tell whether the output is current, plan what writing would do, and do it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from floe_compiler.model.diagnostics import Diagnostic, Findings
from floe_compiler.write.commit import commit, reporting_refusals
from floe_compiler.write.index import index_path, indexed_environments, read_index
from floe_compiler.write.lock import locked
from floe_compiler.write.plan import WritePlan, plan_writes
from floe_compiler.write.snapshot import output_folders, sha256, take_snapshot
from floe_compiler.write.state import Compiled, recall, remember
from floe_compiler.write.updates import guard_updates, may_be_refused

T = TypeVar("T", str, str | None)


@dataclass(frozen=True, slots=True)
class WriteReport:
    """What was written, or would be, and what is worth a warning. `indexes` are those that change."""

    create: tuple[str, ...]
    change: tuple[str, ...]
    delete: tuple[str, ...]
    keep: tuple[str, ...]
    indexes: tuple[str, ...]
    warnings: tuple[Diagnostic, ...]

    @property
    def stale(self) -> bool:
        """Tell whether anything differs from what the inputs compile to."""
        return bool(self.create or self.change or self.delete or self.indexes)


def check_output(
    root: Path,
    files: Mapping[str, str],
    environments: Iterable[str],
    complete: bool = True,
    allow_delete: Iterable[str] = (),
) -> WriteReport:
    """Return what `write_output` would do, and change nothing.

    Raises:
        StageFailed: as `write_output` does.
    """
    with reporting_refusals(root):
        return _plan(root, files, environments, complete, frozenset(allow_delete))[1]


def write_output(
    root: Path,
    files: Mapping[str, str],
    digests: Mapping[str, str],
    complete: bool = True,
    allow_delete: Iterable[str] = (),
    warnings: int = 0,
) -> WriteReport:
    """Make the output of these environments equal to `files`.

    Args:
        root: the repository's root.
        files: what the inputs compile to, by path from the root.
        digests: for each compiled environment, the digest of its inputs.
        complete: whether these are all environments, so that the output of any other must go.
        allow_delete: `<environment>` or `<environment>/<folder>` where more may be deleted than is common.
        warnings: how many warnings the earlier stages gave, for `remembered_warnings`.

    Raises:
        StageFailed: with all that stands in the way, before anything is written; or with W011 in the middle.
    """
    with reporting_refusals(root), locked(root):
        plan, report = _plan(root, files, digests, complete, frozenset(allow_delete))
        commit(root, plan, files)
        remember(
            root,
            {
                name: Compiled(digest, _hash(root / index_path(name)), warnings + len(report.warnings))
                for name, digest in digests.items()
            },
        )
    return report


def is_current(root: Path, digests: Mapping[str, str], complete: bool = True) -> bool:
    """Tell whether the output was compiled from inputs of just these digests and every file is as it was written."""
    findings = Findings()
    if complete and {*indexed_environments(root), *output_folders(root)} != set(digests):
        return False
    known = recall(root)
    for environment, digest in digests.items():
        memory = known.get(environment)
        if memory is None or (memory.digest, memory.index) != (digest, _hash(root / index_path(environment))):
            return False
        index = read_index(root, environment, findings)
        snapshot = take_snapshot(root, [environment], findings)
        if index != {path: frozenset({found}) for path, found in snapshot.hashes.items()} or snapshot.leftovers:
            return False
    return not findings.found


def remembered_warnings(root: Path, environments: Iterable[str]) -> int:
    """Return how many warnings there were when the output of these environments was last compiled."""
    known = recall(root)
    return max((known[name].warnings for name in environments if name in known), default=0)


def _plan(
    root: Path, files: Mapping[str, str], compiled: Iterable[str], complete: bool, allow_delete: frozenset[str]
) -> tuple[WritePlan, WriteReport]:
    findings = Findings()
    environments = sorted({*compiled, *(_all_environments(root) if complete else ())})
    indexes = {environment: read_index(root, environment, findings) for environment in environments}
    snapshot = take_snapshot(root, environments, findings)
    findings.finish()  # A broken index or a link would only make the plan report more of the same.
    plan = plan_writes(files, indexes, snapshot, allow_delete, findings)
    changed = {path: (root / path).read_bytes() for path in may_be_refused(plan.change)}
    guard_updates(changed, files, allow_delete, findings)
    plan = replace(plan, interim=_changed(root, plan.interim), indexes=_changed(root, plan.indexes))
    report = WriteReport(plan.create, plan.change, plan.delete, plan.keep, tuple(plan.indexes), findings.finish())
    return plan, report


def _all_environments(root: Path) -> set[str]:
    return {*indexed_environments(root), *output_folders(root)}


def _changed(root: Path, texts: Mapping[str, T]) -> dict[str, T]:
    return {path: text for path, text in texts.items() if _read(root / path) != text}


def _read(path: Path) -> str | None:
    return path.read_bytes().decode("utf-8", errors="replace") if path.is_file() else None


def _hash(path: Path) -> str:
    return sha256(path.read_bytes()) if path.is_file() else ""
