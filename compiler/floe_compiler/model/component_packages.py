"""Which installed packages announce components, by the entry point group `floe_compile.components`."""

from __future__ import annotations

import os
import sys
from functools import lru_cache
from importlib import metadata

ENTRY_POINTS = "floe_compile.components"


def component_packages() -> tuple[metadata.EntryPoint, ...]:
    """Return the entry points of all components that packages announce, by their names."""
    return _entry_points(tuple((folder, _changed(folder)) for folder in sys.path))


@lru_cache(maxsize=4)  # reading the metadata of all installed packages takes 10 ms, and a run asks twice
def _entry_points(_folders: tuple[tuple[str, int], ...]) -> tuple[metadata.EntryPoint, ...]:
    return tuple(sorted(metadata.entry_points(group=ENTRY_POINTS), key=lambda point: point.name))


def _changed(folder: str) -> int:
    """Return when a folder of packages has last changed, as it does if one is installed or goes; 0 without a folder."""
    try:
        return os.stat(folder or ".").st_mtime_ns  # noqa: PTH116 -- a run asks for all of `sys.path`, and only this
    except OSError:
        return 0
