"""`floe-compile watch`: compile in memory each time an input is saved, and show what that changes."""

from __future__ import annotations

import gc
import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from floe_compiler.commands.compiling import Chosen, Compiling, add_compiling, compiling
from floe_compiler.commands.console import show
from floe_compiler.commands.diff import State, differences, show_diff
from floe_compiler.commands.exit_codes import DONE, UsageError
from floe_compiler.commands.options import add_repository
from floe_compiler.model.diagnostics import StageFailed
from floe_compiler.model.files import OUTPUT
from floe_compiler.report.outcome import Outcome, count
from floe_compiler.report.terminal import visible

if TYPE_CHECKING:
    from floe_compiler.pipeline.compilation import Compilation

EXAMPLES = """\
examples:
  floe-compile watch                             show what each edit changes, until Ctrl-C
  floe-compile watch --env dev --domain sales    only there, which is quicker
  floe-compile watch --write                     keep output/ current, too
"""
OPTIONS = Namespace(format="text", quiet=False)
"""How everything is shown."""

APART = 5
"""Files that are saved less than this many milliseconds after each other count as one save.

Some editors write a file in several steps, and Git writes many files. An answer waits for one to two times this.
"""
SEARCH_ALL = 20
"""After this many answers, Python collects the garbage of all generations."""

IDLE = 200
"""After this many milliseconds without a save, work that no answer needs is done."""

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


def configure(parser: ArgumentParser) -> None:
    """Add the options."""
    parser.epilog = EXAMPLES
    add_repository(parser)
    add_compiling(parser)
    parser.add_argument("--write", action="store_true", help="write each good result into output/, as compile does")


def run(options: Namespace) -> int:
    """Answer every save until a signal ends it.

    Raises:
        UsageError: if the package that watches files is not installed.
    """
    from floe_compiler.model.object_memory import remembering
    from floe_compiler.node.cdk8s_process import reusing_process
    from floe_compiler.overlay.started_ahead import start_next, starting_ahead

    chosen = Chosen.by(options)
    saves = watched(chosen.root)
    with compiling(options, chosen, show=False) as run, reusing_process(), remembering(), starting_ahead():
        watch = Watch(run, write=options.write)
        watch.begin()
        for number, files in enumerate(saves):
            if files or not number:  # at the start, too: nobody sees what is saved before the system is asked to tell
                watch.answer()
                watch.keep_results()
                # What an answer leaves is found among what it has made; all is searched now and then.
                gc.collect(0 if number % SEARCH_ALL else 2)
            else:
                watch.read_ahead()
                start_next()
    return DONE


def watched(root: Path) -> Iterator[Collection[object]]:
    """Return an iterator with the files of the repository that were saved, except those of the output.

    It has an item without any at the start, and several each second as long as nobody saves one.

    Raises:
        UsageError: if the package that watches files is not installed.
    """
    try:
        from watchfiles import DefaultFilter, watch
    except ImportError:
        raise UsageError("the package watchfiles is not installed: pip install 'floe-compile[watch]'") from None
    quiet = DefaultFilter(ignore_dirs=(*DefaultFilter.ignore_dirs, OUTPUT))
    return watch(root, watch_filter=quiet, debounce=400, step=APART, rust_timeout=IDLE, yield_on_timeout=True)


@dataclass
class Watch:
    """A repository, with its state at the last save."""

    run: Compiling
    write: bool = False
    clock: Callable[[], float] = time.perf_counter
    compiled: Compilation | None = None
    """What the inputs last compiled to without an error; None if they never have."""

    _digests: Mapping[str, str] = field(default_factory=dict)
    _is_wrong: bool = False
    _is_read: bool = False

    def __post_init__(self) -> None:
        from floe_compiler.cache.forgetting import Forgetting
        from floe_compiler.cache.generations import Generations
        from floe_compiler.cache.recent import KIND as RECENT
        from floe_compiler.pipeline.cached_trees import KIND as TREES
        from floe_compiler.pipeline.units import HEADS

        self._cache = Generations(self.run.cache)
        self._in_memory = replace(self.run, cache=self._cache)
        self._forgetting = Forgetting(self._cache, HEADS, (RECENT, TREES))

    def begin(self) -> None:
        """Compile for the first time, and say what is watched."""
        self._compile()
        if self.compiled is not None:
            self._written()
            for module in NEEDED_LATER:
                import_module(module)
            self.read_ahead()
            names = ", ".join(environment.environment for environment in self.compiled.environments)
            warnings = count(len(self.compiled.warnings), "warning")
            self._say(f"{names}: {count(len(self.compiled.files), 'file')}, {warnings}")
        self._say(f"watching {self.run.chosen.root}; Ctrl-C ends it")
        self.keep_results()

    def answer(self) -> None:
        """Compile again if an input has changed, and show what is different, or what is wrong."""
        start, before, was_wrong = self.clock(), self.compiled, self._is_wrong
        if not self._compile() or self._is_wrong or self.compiled is None:
            return
        earlier = before.warnings if before else ()
        new = tuple(warning for warning in self.compiled.warnings if warning not in earlier)
        if new:
            show(Outcome(new), self.run.chosen.root, OPTIONS)
        if before is not None:
            state = State(before.files.digests, lambda files: files.digests, _reader(before))
            diffs = differences(state, before.files.digests, self.compiled)
            corrected = "nothing is wrong any more; " if was_wrong else ""
            show_diff(diffs, OPTIONS, f"{corrected}{{}} ({self.clock() - start:.2f} s)")
        else:
            self._say(f"nothing is wrong any more: {count(len(self.compiled.files), 'file')}")
        self._written()

    def read_ahead(self) -> None:
        """Compile a few more namespaces as if they had changed, so that all that an answer needs of them is in memory.

        Without any, the first edit of each would take several times as long as the next one.
        """
        if self._is_read or self._is_wrong or self.compiled is None:
            return
        self._forgetting.forget(AT_A_TIME)
        try:
            replace(self.run, cache=self._forgetting).compiled(self._input_files)
        except StageFailed:  # a program is missing that only edits need: the first that does says so
            self._is_read = True
        namespaces = sum(len(environment.heads) for environment in self.compiled.environments)
        if self._forgetting.has_forgotten_all or namespaces > MOST_AHEAD:
            self._is_read = True
            gc.collect()  # It is disabled for the sake of short runs.
            gc.freeze()  # What there is now will mostly be there at the end, too.

    def keep_results(self) -> None:
        """Do what can wait until an answer is shown: keep results for other runs."""
        self._cache.keep()

    def _compile(self) -> bool:
        """Compile if an input has changed since the last time, and show errors; return whether one has."""
        from floe_compiler.load.digests import input_digests

        try:
            input_files = self.run.chosen.inputs()
            digests = input_digests(input_files)
            if digests == self._digests:
                return False
            self._digests, self._input_files = digests, input_files
            self._cache.begin()
            self.compiled = self._in_memory.compiled(input_files)
            self._is_wrong = False
        except StageFailed as failed:
            self._is_wrong = True
            show(Outcome(failed.diagnostics, summary="the next save is compiled again"), self.run.chosen.root, OPTIONS)
            self._cache.keep()
        return True

    def _written(self) -> None:
        self._cache.keep()  # once the answer is shown
        if self.write:
            from contextlib import nullcontext

            from floe_compiler.commands.compile import compile_and_write

            self.keep_results()  # for the run that writes
            run = self.run
            try:
                done = compile_and_write(run.chosen, run.cache, nullcontext(run.workers), for_people=True)
                show(done, run.chosen.root, OPTIONS)
            except StageFailed as failed:
                show(Outcome(failed.diagnostics), self.run.chosen.root, OPTIONS)

    def _say(self, text: str) -> None:
        sys.stdout.flush()
        sys.stderr.write(f"floe-compile: {visible(text)}\n")
        sys.stderr.flush()


def _reader(compiled: Compilation) -> Callable[..., Mapping[str, bytes]]:
    return lambda paths: {path: compiled.files[path].encode() for path in paths}
