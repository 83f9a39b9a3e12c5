"""Results worth keeping for the next run, in this checkout only, each under the hash of all that it follows from.

Losing them costs time. They are no part of the output, and a run that cannot keep them goes on without.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from floe_compiler.model.diagnostics import StageFailed
from floe_compiler.write.commit import write_file
from floe_compiler.write.lock import CACHE_FOLDER, cache_folder


class Memory:
    """The results of one kind of work: a file each, called by its key. Safe to use from several threads."""

    def __init__(self, root: Path, kind: str) -> None:
        self._root = root
        self._kind = kind
        self._used: set[str] = set()

    def recall(self, key: str) -> str | None:
        """Return what was kept under the key, a hash; None if nothing was."""
        self._used.add(key)
        try:
            return (self._root / CACHE_FOLDER / self._kind / key).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            return None

    def remember(self, key: str, text: str) -> None:
        """Keep a result."""
        self._used.add(key)
        with contextlib.suppress(OSError, StageFailed):
            write_file(cache_folder(self._root) / self._kind / key, text)

    def forget_unused(self) -> None:
        """Remove everything that this run had no use for."""
        with contextlib.suppress(OSError, StageFailed):
            for path in (cache_folder(self._root) / self._kind).iterdir():
                if path.name not in self._used:
                    path.unlink(missing_ok=True)
