"""A mesh that is compiled again and again in one process, with all in memory that makes the next time quick."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import TYPE_CHECKING

from msgspec.structs import replace as with_fields

from floe_compiler.cache.forgetting import Forgetting
from floe_compiler.cache.generations import Generations
from floe_compiler.commands.compiling import Compiling
from floe_compiler.commands.diff import State, differences
from floe_compiler.model.diagnostics import StageFailed

if TYPE_CHECKING:
    from floe_compiler.model.cache import Cache
    from floe_compiler.pipeline.compilation import Compilation
    from floe_compiler.report.diff import EnvironmentDiff

NEEDED_LATER = (
    "deepdiff",
    "floe_compiler.overlay.run_results",
    "floe_compiler.report.diff",
    "floe_compiler.report.diff_text",
    "floe_compiler.report.moves",
)
"""What only edits need, and a compilation does not: importing it takes longer than an answer."""

AT_A_TIME = 3
"""The namespaces that are read ahead at a time. A save waits for them, about as long as for the answer to an edit."""

MOST_AHEAD = 64
"""In a mesh with more namespaces, only some are read ahead: what is known of so many objects is soon forgotten."""

SEARCH_ALL = 20
"""After this many compilations, Python collects the garbage of all generations."""

Sharing = Callable[["Cache"], AbstractContextManager["Cache"]]
"""Returns a context in which another process makes entries of the cache, too."""


@dataclass
class Recompiling:
    """What is compiled again and again, and what it last compiled to."""

    run: Compiling
    compiled: Compilation | None = None
    """What the inputs last compiled to without an error; None if they never have."""

    is_wrong: bool = False
    """Whether the inputs have an error now."""

    _digests: Mapping[str, str] = field(default_factory=dict)
    _is_read: bool = False
    _collected: int = 0

    def __post_init__(self) -> None:
        from floe_compiler.cache.recent import KIND as RECENT
        from floe_compiler.pipeline.cached_trees import KIND as TREES
        from floe_compiler.pipeline.units import HEADS

        self._cache = Generations(self.run.cache)
        self._forgetting = Forgetting(self._cache, HEADS, (RECENT, TREES))

    def compile(self, sharing: Sharing = nullcontext) -> bool:
        """Compile if an input has changed since the last time; return whether one has.

        Raises:
            StageFailed: with what is wrong.
        """
        from floe_compiler.load.digests import input_digests

        try:
            input_files = self.run.chosen.inputs()
            digests = input_digests(input_files)
            if digests == self._digests:
                return False
            self._digests, self._input_files = digests, input_files
            self._cache.begin()
            with sharing(self._cache) as cache:
                self.compiled = replace(self.run, cache=cache).compiled(input_files)
        except StageFailed:
            self.is_wrong = True
            raise
        self.is_wrong = False
        return True

    def read_ahead(self, environments: Iterable[str] = ()) -> None:
        """Compile a few more namespaces as if they had changed, so that all that an answer needs of them is in memory.

        Without any, the first edit of each would take several times as long as the next one. `environments` are those
        to read (default: all that are compiled).
        """
        if self._is_read or self.is_wrong or self.compiled is None:
            return
        for module in NEEDED_LATER:
            import_module(module)
        chosen = with_fields(self.run.chosen, environments=tuple(environments) or self.run.chosen.environments)
        self._forgetting.forget(AT_A_TIME)
        try:
            replace(self.run, cache=self._forgetting, chosen=chosen).compiled(self._input_files)
        except StageFailed:  # a program is missing that only edits need: the first that does says so
            self._is_read = True
        namespaces = sum(len(environment.heads) for environment in self.compiled.environments)
        if self._forgetting.has_forgotten_all or namespaces > MOST_AHEAD:
            self._is_read = True
            gc.collect()  # It is disabled for the sake of short runs.
            gc.freeze()  # What there is now will mostly be there at the end, too.

    def keep(self) -> None:
        """Put what was made into the cache of other runs."""
        self._cache.keep()

    def collect(self) -> None:
        """Collect garbage: what a compilation leaves is found among what it has made; all is searched now and then."""
        self._collected += 1
        gc.collect(0 if self._collected % SEARCH_ALL else 2)


def differences_between(
    before: Compilation, after: Compilation, known: Mapping[str, EnvironmentDiff] | None = None
) -> tuple[EnvironmentDiff, ...]:
    """Return the difference of each environment in two compilations; those that are `known` are taken from there."""

    def read(paths: Iterable[str]) -> Mapping[str, bytes]:
        return {path: before.files[path].encode() for path in paths}

    state = State(before.files.digests, lambda files: files.digests, read)
    return differences(state, before.files.digests, after, known)
