"""Bytes that a run needs again later, in a file meanwhile: so memory does not grow with the number of environments."""

from __future__ import annotations

import contextlib
import tempfile
import weakref
from collections.abc import Callable, Collection, Sequence
from itertools import accumulate
from threading import Lock
from typing import IO


class Spill:
    """A temporary file without a name, which is gone when nobody needs it any more. Other programs cannot open it.

    A process that is forked may put bytes into it while the other one does not use it.
    """

    def __init__(self) -> None:
        self._file: IO[bytes] | None = None
        with contextlib.suppress(OSError):
            self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 -- closed by the next line
            weakref.finalize(self, self._file.close)
        self._end = 0
        self._lock = Lock()  # what other processes are sent is read by another thread

    def put(self, data: bytes) -> Kept:
        """Return bytes as they are kept: in the file or, where there is no room for it, in memory."""
        return self.put_all([data])[0]

    def put_all(self, parts: Collection[bytes]) -> Sequence[Kept]:
        """Return several as they are kept. They are written at once."""
        if self._file is None:
            return [*parts]
        with self._lock, contextlib.suppress(OSError):
            start = self._file.seek(self._end)
            rest = memoryview(b"".join(parts))
            self._end += len(rest)
            while rest:
                rest = rest[self._file.write(rest) :]
            ends = accumulate(map(len, parts), initial=start)
            return [Spilled(self, place, len(data)) for place, data in zip(ends, parts, strict=False)]
        return [*parts]

    def read(self, start: int, size: int) -> bytes:
        """Return some bytes of the file. Raises ValueError if there is none."""
        if self._file is None:
            raise ValueError("nothing was put into a file")
        with self._lock:
            self._file.seek(start)
            return self._file.read(size)


class Spilled:
    """Bytes in such a file, and their place in it. Another process is sent the bytes themselves."""

    __slots__ = ("_spill", "size", "start")

    def __init__(self, spill: Spill, start: int, size: int) -> None:
        self._spill, self.start, self.size = spill, start, size

    def read(self) -> bytes:
        """Return the bytes."""
        return self._spill.read(self.start, self.size)

    def __reduce__(self) -> tuple[Callable[[bytes], bytes], tuple[bytes]]:
        """Pickle as the bytes."""
        return bytes, (self.read(),)


Kept = bytes | Spilled
"""Bytes in memory or in a file."""


def content(kept: Kept) -> bytes:
    """Return the bytes."""
    return kept if isinstance(kept, bytes) else kept.read()
