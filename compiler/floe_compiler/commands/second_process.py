"""A second process for `watch`, which compiles some of the environments of each save (`compiling_beside.py`).

The first process compiles the others meanwhile, and then takes what the second one has made. If that is late, has
ended, or has seen other inputs, the first process makes it itself, as without a second one.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from msgspec.structs import replace

from floe_compiler.commands.compiling import Chosen, Compiling
from floe_compiler.commands.compiling_beside import BEGIN, Between, Entry, Part, files_of, serve
from floe_compiler.model.sites import environment_of

if TYPE_CHECKING:
    from floe_compiler.model.cache import Cache
    from floe_compiler.pipeline.compilation import Compilation
    from floe_compiler.report.diff import EnvironmentDiff

PATIENCE = 5.0
"""The first process waits so many seconds for the second one, and then does all until that has answered."""

TO_END = 5.0
"""The second process has so many seconds to end in order."""


def second_process(run: Compiling, compiled: Compilation) -> SecondProcess | None:
    """Start a second process for half of the environments, or less; None if there is one only, or one core to use."""
    names = list(dict.fromkeys(environment_of(environment.environment) for environment in compiled.environments))
    if len(names) < 2 or run.workers.jobs < 2 or not run.workers.share_files:
        return None
    half = len(names) - len(names) // 2
    return SecondProcess(replace(run.chosen, environments=tuple(names[half:])), run.cache, tuple(names[:half]))


class SecondProcess:
    """The second process, as the first one sees it.

    It compiles the environments of `chosen`, beside `others`, and begins with what it finds in the cache.
    """

    def __init__(self, chosen: Chosen, cache: Cache, others: tuple[str, ...]) -> None:
        from multiprocessing import get_context

        context = get_context("spawn")  # what this process has started is not for a fork
        self._connection, theirs = context.Pipe()
        self.process = context.Process(target=serve, args=(theirs, chosen, cache), daemon=True)
        with _ignoring_interrupts():
            self.process.start()
        theirs.close()
        self.others = others
        self._chosen = chosen
        self._told, self._answered = BEGIN, BEGIN - 1
        self._is_compiling = self._is_awaited = False
        self._until = 0.0
        self._differences: Mapping[Between, tuple[EnvironmentDiff, ...]] = {}

    def ask(self) -> None:
        """Let it compile what was saved, if it has answered whatever it was told before."""
        self._is_compiling, self._differences = False, {}
        with suppress(EOFError, OSError):  # it has ended
            while self.is_answering(0):
                self._received()
            if self._answered == self._told:
                self._connection.send(self._told + 1)
                self._told += 1
                self._is_compiling, self._until = True, 0.0

    @contextmanager
    def sharing(self, cache: Cache) -> Iterator[Cache]:
        """Provide a cache that gets what the second process makes, once its environments are due."""
        from floe_compiler.pipeline.turns import sharing_with

        with sharing_with(self):
            yield _Arriving(cache, self)

    @property
    def environments(self) -> tuple[str, ...]:
        """Return the environments that it compiles now; none if it does not, or not any more."""
        return self._chosen.environments if self._is_compiling else ()

    @contextmanager
    def awaited(self) -> Iterator[None]:
        """Within this context, what the cache lacks may still come: asking for it takes as long."""
        self._is_awaited = True
        try:
            yield
        finally:
            self._is_awaited = False

    def entries(self) -> tuple[Entry, ...] | None:
        """Return the entries that come next, if they are due; None if no more do."""
        part = self._next() if self._is_awaited else None
        return part.entries if part else None

    def differences(self, before: Compilation, after: Compilation) -> Mapping[str, EnvironmentDiff]:
        """Return the differences that it has found between two compilations, by environment or cluster."""
        found: dict[str, EnvironmentDiff] = {}
        for name in self._chosen.environments:
            between = files_of(before, name), files_of(after, name)
            while between[0] != between[1] and between not in self._differences and self._next():
                pass  # What its environments compile to is known: only the differences are still to come.
            found |= {diff.environment: diff for diff in self._differences.get(between, ())}
        return found

    def is_answering(self, seconds: float) -> bool:
        """Wait until it has something to say, at most so many seconds; return whether it has."""
        return self._connection.poll(seconds)

    def close(self) -> None:
        """End it."""
        self._connection.close()
        self.process.terminate()
        self.process.join(TO_END)
        self.process.kill()
        self.process.join()

    def _next(self) -> Part | None:
        """Wait for the next part of what it was told last, and return it; None if all have come, or it is late."""
        if not self._is_compiling:
            return None
        now = time.monotonic()
        self._until = self._until or now + PATIENCE
        part = None
        with suppress(EOFError, OSError):  # it has ended
            part = self._received() if self.is_answering(max(0, self._until - now)) else None
        self._is_compiling = part is not None and not part.last
        return part

    def _received(self) -> Part:
        part: Part = self._connection.recv()
        if part.last:
            self._answered, self._differences = part.save, part.differences
        return part


class _Arriving:
    """A cache that has what the second process makes, once that has come."""

    def __init__(self, cache: Cache, second: SecondProcess) -> None:
        self._cache, self._second = cache, second

    def __reduce__(self) -> tuple[Callable[[Cache], Cache], tuple[Cache]]:
        """Return what a process that is sent this cache gets: the one without anything that may come."""
        return _without_second, (self._cache,)

    def get(self, kind: str, key: str) -> bytes | None:
        """Return the data under a key; None if it is missing or damaged, and does not come either."""
        data = self._cache.get(kind, key)
        while data is None and (entries := self._second.entries()) is not None:
            for entry in entries:
                self._cache.put(*entry)
            data = self._cache.get(kind, key)
        return data

    def put(self, kind: str, key: str, data: bytes) -> bool:
        """Store an entry, if possible; return whether it was stored."""
        return self._cache.put(kind, key, data)


def _without_second(cache: Cache) -> Cache:
    return cache


@contextmanager
def _ignoring_interrupts() -> Iterator[None]:
    """Let a process that is started here ignore Ctrl-C from its beginning: it ends with this one."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
