"""Looks at the output in another process while this one compiles: that takes a tenth of a run after an edit.

What it has seen is in a file of both, and only the places in it come through a pipe.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import NoReturn

import msgspec

from floe_compiler.model.cache import Cache
from floe_compiler.model.spill import Spill, Spilled
from floe_compiler.write.look import Looks, look

ENDINGS = (signal.SIGINT, signal.SIGTERM)


Place = tuple[int, int] | bytes
"""Start and size of what was kept in the file, or what was kept elsewhere."""


@contextmanager
def looking(
    root: Path, environments: Iterable[str], store: Cache, complete: bool = True
) -> Iterator[Callable[[], Looks]]:
    """Begin to look as `look` does; yield a function that waits for what was seen.

    That function looks itself where a process cannot be forked, if that one failed, or if it found something to report.
    """
    here = cache(lambda: look(root, environments, store, complete))
    if sys.platform != "linux" or len(os.sched_getaffinity(0)) < 2:
        yield here
        return
    spill = Spill()
    reading, writing = os.pipe()
    # An interrupt in the new process must not run handlers and `finally` blocks of this one.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDINGS)
    try:
        process = os.fork()
        if process == 0:
            os.close(reading)  # so that writing fails when the other process closes its end
            _look(root, environments, store, complete, spill, writing)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    os.close(writing)
    with open(reading, "rb") as answer:  # noqa: PTH123 -- a pipe
        try:
            yield cache(lambda: _decoded(answer.read(), spill) or here())
        finally:
            answer.close()  # so that the process does not wait for a reader any longer
            with contextlib.suppress(ChildProcessError):
                os.waitpid(process, 0)


def _look(
    root: Path, environments: Iterable[str], store: Cache, complete: bool, spill: Spill, writing: int
) -> NoReturn:
    """Look, in the forked process, and end it. With findings, the process that reports them looks again."""
    try:
        for ending in ENDINGS:
            signal.signal(ending, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDINGS)
        seen = look(root, environments, store, complete, spill)
        if not seen.findings:
            places = [(kept.start, kept.size) if isinstance(kept, Spilled) else kept for kept in seen.encoded]
            with open(writing, "wb") as answer:
                answer.write(msgspec.msgpack.encode(places))
    finally:
        os._exit(0)


def _decoded(data: bytes, spill: Spill) -> Looks | None:
    try:
        places = msgspec.msgpack.decode(data, type=list[Place])
    except msgspec.DecodeError:  # nothing, or less than all
        return None
    return Looks(tuple(kept if isinstance(kept, bytes) else Spilled(spill, *kept) for kept in places))
