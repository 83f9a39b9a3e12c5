"""`floe-compile watch`: compile in memory each time an input is saved, and show what that changes."""

from __future__ import annotations

import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from floe_compiler.commands.compiling import Chosen, Compiling, add_compiling, compiling
from floe_compiler.commands.console import show
from floe_compiler.commands.diff import show_diff
from floe_compiler.commands.exit_codes import DONE, UsageError
from floe_compiler.commands.options import add_repository
from floe_compiler.commands.recompiling import Recompiling, differences_between
from floe_compiler.commands.second_process import SecondProcess, second_process
from floe_compiler.model.diagnostics import StageFailed
from floe_compiler.model.output_paths import OUTPUT
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
IDLE = 200
"""After this many milliseconds without a save, work that no answer needs is done."""


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
    with (
        compiling(options, chosen, show=False) as run,
        reusing_process(),
        remembering(),
        starting_ahead(),
        closing(Watch(run, write=options.write)) as watch,
    ):
        watch.begin()
        for number, files in enumerate(saves):
            if files or not number:  # at the start, too: nobody sees what is saved before the system is asked to tell
                watch.answer()
                watch.keep_results()
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
    second: SecondProcess | None = None
    """The process that compiles some of the environments, once it is known which there are."""

    def __post_init__(self) -> None:
        self._state = Recompiling(self.run)

    @property
    def compiled(self) -> Compilation | None:
        """Return what the inputs last compiled to without an error; None if they never have."""
        return self._state.compiled

    def begin(self) -> None:
        """Compile for the first time, and say what is watched."""
        self._compile()
        if self.compiled is not None:
            self._written()
            self.keep_results()
            self._state.read_ahead()
            names = ", ".join(environment.environment for environment in self.compiled.environments)
            warnings = count(len(self.compiled.warnings), "warning")
            self._say(f"{names}: {count(len(self.compiled.files), 'file')}, {warnings}")
        self._say(f"watching {self.run.chosen.root}; Ctrl-C ends it")

    def answer(self) -> None:
        """Compile again if an input has changed, and show what is different, or what is wrong."""
        start, before, was_wrong = self.clock(), self.compiled, self._state.is_wrong
        if self.second:
            self.second.ask()
        if not self._compile() or self._state.is_wrong or self.compiled is None:
            return
        earlier = before.warnings if before else ()
        new = tuple(warning for warning in self.compiled.warnings if warning not in earlier)
        if new:
            show(Outcome(new), self.run.chosen.root, OPTIONS)
        if before is not None:
            known = self.second.differences(before, self.compiled) if self.second else {}
            diffs = differences_between(before, self.compiled, known)
            corrected = "nothing is wrong any more; " if was_wrong else ""
            show_diff(diffs, OPTIONS, f"{corrected}{{}} ({self.clock() - start:.2f} s)")
        else:
            self._say(f"nothing is wrong any more: {count(len(self.compiled.files), 'file')}")
        self._written()

    def read_ahead(self) -> None:
        """Do what makes the next answer quick: start the second process, and read ahead what that one does not."""
        if self.compiled is not None and self.second is None:
            self.second = second_process(self.run, self.compiled)
        self._state.read_ahead(self.second.others if self.second else ())

    def keep_results(self) -> None:
        """Do what can wait until an answer is shown."""
        self._state.keep()
        self._state.collect()

    def close(self) -> None:
        """End the second process."""
        if self.second:
            self.second.close()

    def _compile(self) -> bool:
        """Compile if an input has changed since the last time, and show errors; return whether one has."""
        try:
            return self._state.compile(self.second.sharing if self.second else nullcontext)
        except StageFailed as failed:
            show(Outcome(failed.diagnostics, summary="the next save is compiled again"), self.run.chosen.root, OPTIONS)
        return True

    def _written(self) -> None:
        if self.write:
            from floe_compiler.commands.compile import compile_and_write

            self._state.keep()  # for the run that writes
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
