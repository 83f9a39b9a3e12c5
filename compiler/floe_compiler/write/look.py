"""What a run sees under output/ before it writes: in memory, that of one environment at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from floe_compiler.model.cache import Cache
from floe_compiler.model.codec import decode_own, encode
from floe_compiler.model.diagnostics import Diagnostic, Findings
from floe_compiler.model.spill import Kept, Spill, content
from floe_compiler.write.commit import reporting_refusals
from floe_compiler.write.index import indexed_environments, read_index
from floe_compiler.write.snapshot import Snapshot, output_folders, take_snapshot
from floe_compiler.write.state import encoded_stats, recall


class Look(msgspec.Struct, frozen=True, array_like=True):
    """What there is of an environment: the text of its index (None: there is none), and its files.

    The stats of the files are apart, in the form in which they are kept for the next run.
    """

    environment: str
    index: str | None
    snapshot: Snapshot
    stats: bytes


class Looks(msgspec.Struct, frozen=True):
    """A look at each of some environments, and the findings about what is there."""

    encoded: tuple[Kept, ...] = ()
    findings: tuple[Diagnostic, ...] = ()

    def __iter__(self) -> Iterator[Look]:
        """Return the looks, which are decoded one after another."""
        return (decode_own(content(kept), Look) for kept in self.encoded)


def look(
    root: Path, environments: Iterable[str], store: Cache | None, complete: bool = True, spill: Spill | None = None
) -> Looks:
    """Look at the output of these environments; without a cache, all files are read.

    Args:
        root: the repository's root.
        environments: the names of the environments.
        store: the cache.
        complete: whether these are all environments, so that the output of others counts, too.
        spill: where to keep what is seen.

    Raises:
        StageFailed: with W011 if the output cannot be read.
    """
    spill = spill or Spill()
    with reporting_refusals(root):
        findings = Findings()
        names = all_environments(root, environments, complete)
        encoded = [_seen(root, name, findings, store) for name in names]
        if not names:  # also if what is in the place of output/ is no folder
            take_snapshot(root, (), findings)
        return Looks(tuple(map(spill.put, encoded)), tuple(findings.diagnostics))


def _seen(root: Path, environment: str, findings: Findings, store: Cache | None) -> bytes:
    known = recall(store, root, environment) if store else None
    index = read_index(root, environment)
    snapshot = take_snapshot(root, [environment], findings, known.stats if known else None)
    stats, snapshot.stats = encoded_stats(snapshot.stats), {}
    return encode(Look(environment, index, snapshot, stats))


def all_environments(root: Path, compiled: Iterable[str], complete: bool) -> list[str]:
    """Return the compiled environments and, if these are all, also removed environments that still have output."""
    others = (*indexed_environments(root), *output_folders(root)) if complete else ()
    return sorted({*compiled, *others})
