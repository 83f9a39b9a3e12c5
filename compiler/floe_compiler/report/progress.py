"""Shows the progress of a long run: only on a terminal, and only after some seconds."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO

PATIENCE = 0.5
_CLEAR = "\r\x1b[K"  # ECMA-48: go to the start of the line, and erase it


@contextmanager
def showing_progress(stream: IO[str], patience: float = PATIENCE) -> Iterator[Callable[[str], None]]:
    """Provide a function that shows the name of the current step; at the end, it is erased."""
    if not stream.isatty():
        yield _silent
        return
    line = _Line(stream, patience)
    try:
        yield line.show
    finally:
        line.end()


def _silent(_: str) -> None:
    pass


class _Line:
    """The last line of a terminal, used after a delay."""

    def __init__(self, stream: IO[str], patience: float) -> None:
        self._stream = stream
        self._lock = threading.Lock()
        self._step = ""
        self._visible = False
        self._ended = False
        self._timer = threading.Timer(patience, self._appear)
        self._timer.daemon = True
        self._timer.start()

    def show(self, step: str) -> None:
        with self._lock:
            self._step = step
            if self._visible:
                self._write()

    def end(self) -> None:
        self._timer.cancel()
        with self._lock:
            if self._visible:
                self._stream.write(_CLEAR)
                self._stream.flush()
            self._ended = True

    def _appear(self) -> None:
        with self._lock:
            if not self._ended:
                self._visible = True
                self._write()

    def _write(self) -> None:
        self._stream.write(f"{_CLEAR}{self._step[:78]}")
        self._stream.flush()
