"""Locks: paths of the platform manifest that no other layer may override."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from floe_compiler.model.diagnostics import Findings, Related, did_you_mean
from floe_compiler.model.document import DataPath, Document, show_path
from floe_compiler.resolve.layers import DISCRIMINATOR, Layer, leaves
from floe_compiler.resolve.rules import LOCKED, UNKNOWN_LOCK
from floe_compiler.resolve.slots import lookup


def locked_paths(manifest: Document, known: Iterable[str], findings: Findings) -> Mapping[DataPath, int]:
    """Return the locked paths, each with its place in the list; complain of those that begin with no known key."""
    known_keys = sorted(known)
    found: dict[DataPath, int] = {}
    for index, lock in enumerate(manifest.data.get("locks") or ()):
        path = tuple(str(lock).split("."))
        if path[0] not in known_keys:
            span = manifest.span(("locks", index))
            findings.add(
                UNKNOWN_LOCK,
                f'the platform manifest has no "{lock}" to lock',
                span,
                hint=did_you_mean(path[0], known_keys),
            )
        found[path] = index
    return found


def check_locks(manifest: Document, locks: Mapping[DataPath, int], layers: Iterable[Layer], findings: Findings) -> None:
    """Complain of every leaf of these layers that overrides a locked path, or discards one with a change of type."""
    for layer in layers:
        for path, value in leaves(layer.data):
            for lock, index in locks.items():
                if _overrides(manifest.data, lock, path, value):
                    _report(manifest, lock, index, layer, path, findings)


def _overrides(manifest: Mapping[str, Any], lock: DataPath, path: DataPath, value: object) -> bool:
    if path[: len(lock)] == lock or lock[: len(path)] == path:
        return True
    changes_type = path[-1] == DISCRIMINATOR and lock[: len(path) - 1] == path[:-1]
    return changes_type and lookup(manifest, path) not in (None, value)


def _report(manifest: Document, lock: DataPath, index: int, layer: Layer, path: DataPath, findings: Findings) -> None:
    findings.add(
        LOCKED,
        f"{show_path(path)} may not be set here: {show_path(lock)} is locked",
        layer.key_span(path),
        hint="remove it, or ask the owner of the platform manifest",
        related=[Related(manifest.span(("locks", index)), "locked here")],
    )
