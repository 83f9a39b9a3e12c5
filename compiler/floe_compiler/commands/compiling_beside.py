"""What the second process of `watch` does: it compiles some of the environments of each save, and sends what is new.

It reads the inputs itself, and has its own memory of them. What it sends are entries of the cache, each under the
digest of all that it follows from, and differences under the digests of the files that they are between. So nothing is
wrong if the first process has seen other inputs: it does not find what it looks for, and makes that itself.
"""

from __future__ import annotations

import gc
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec

from floe_compiler.cache.recent import KIND as RECENT
from floe_compiler.commands.compiling import Chosen, Compiling
from floe_compiler.commands.recompiling import Recompiling, differences_between
from floe_compiler.model.codec import digest_of, encode
from floe_compiler.model.diagnostics import StageFailed
from floe_compiler.model.output_paths import OUTPUT
from floe_compiler.model.sites import environment_of

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from floe_compiler.model.cache import Cache
    from floe_compiler.pipeline.compilation import Compilation
    from floe_compiler.report.diff import EnvironmentDiff

IDLE = 0.2
"""After this many seconds without a save, work that no answer needs is done."""

BEGIN = 0
"""The number of the state at the beginning; saves are counted from there."""

Entry = tuple[str, str, bytes]
"""Kind, key and data of an entry of the cache."""

Between = tuple[str, str]
"""The digests of the files of an environment before and after (`files_of`)."""


class Part(msgspec.Struct, frozen=True):
    """What the second process has made for a save. With the `last` part come the differences."""

    save: int
    entries: tuple[Entry, ...]
    last: bool = False
    differences: Mapping[Between, tuple[EnvironmentDiff, ...]] = {}


def files_of(compiled: Compilation, environment: str) -> str:
    """Return the digest of the files of an environment."""
    folder = f"{OUTPUT}/{environment}/"
    return digest_of(encode([file for file in compiled.files.digests.items() if file[0].startswith(folder)]))


def serve(connection: Connection, chosen: Chosen, cache: Cache) -> None:
    """Compile what the first process asks for, until that ends this one, or ends itself."""
    from floe_compiler.commands.signals import end_in_order
    from floe_compiler.model.object_memory import remembering
    from floe_compiler.node.cdk8s_process import reusing_process
    from floe_compiler.overlay.started_ahead import start_next, starting_ahead

    gc.disable()
    end_in_order()
    # Whatever goes wrong here, the first process does the same by itself, and says what it is.
    with suppress(KeyboardInterrupt, Exception), reusing_process(), remembering(), starting_ahead():
        serving = Serving(connection, chosen, cache)
        serving.answer(BEGIN)
        while True:
            if connection.poll(IDLE):
                serving.answer(connection.recv())
            else:
                serving.state.read_ahead()
                start_next()


class Serving:
    """What the second process has compiled, and the cache that it compiles with: it sends what it would write."""

    def __init__(self, connection: Connection, chosen: Chosen, cache: Cache) -> None:
        from floe_compiler.pipeline.workers import ThisProcess

        self._connection, self._cache, self._chosen = connection, cache, chosen
        self._save = BEGIN
        self._made: list[Entry] = []
        self.state = Recompiling(Compiling(chosen, self, ThisProcess(), self._at_step))

    def get(self, kind: str, key: str) -> bytes | None:
        """Return the data under a key; None if it is missing or damaged."""
        return self._cache.get(kind, key)

    def put(self, kind: str, key: str, data: bytes) -> bool:
        """Send an entry soon, unless it is not the same for the first process."""
        if kind != RECENT:
            self._made.append((kind, key, data))
        return True

    def answer(self, save: int) -> None:
        """Compile what was saved, and send what is new."""
        self._save, before = save, self.state.compiled
        differences: Mapping[Between, tuple[EnvironmentDiff, ...]] = {}
        with suppress(StageFailed):
            if self.state.compile() and before is not None and self.state.compiled is not None:
                differences = self._differences(before, self.state.compiled)
        self._send(differences, last=True)
        self.state.collect()

    def _differences(self, before: Compilation, after: Compilation) -> Mapping[Between, tuple[EnvironmentDiff, ...]]:
        diffs = differences_between(before, after)
        return {
            (files_of(before, name), files_of(after, name)): tuple(
                diff for diff in diffs if environment_of(diff.environment) == name
            )
            for name in self._chosen.environments
        }

    def _at_step(self, _step: str) -> None:
        """Send what was made so far: the first process goes on with headers, and then with heads."""
        self.state.keep()
        if self._made:
            self._send()

    def _send(self, differences: Mapping[Between, tuple[EnvironmentDiff, ...]] = {}, *, last: bool = False) -> None:
        self.state.keep()
        made, self._made = self._made, []
        self._connection.send(Part(self._save, tuple(made), last, differences))
