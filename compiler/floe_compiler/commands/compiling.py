"""What verbs that compile in memory share: options, the chosen environments and domains, and the open cache."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from floe_compiler.commands.options import (
    add_cache,
    add_domains,
    add_environments,
    add_workers,
    chosen_domains,
    chosen_environments,
    find_root,
    open_cache,
    open_workers,
)
from floe_compiler.commands.output_folder import add_output, find_output

if TYPE_CHECKING:
    from floe_compiler.model.cache import Cache
    from floe_compiler.model.input_files import InputFiles
    from floe_compiler.pipeline import Progress
    from floe_compiler.pipeline.compilation import Compilation
    from floe_compiler.pipeline.workers import Workers
    from floe_compiler.write.output import WriteReport


def add_compiling(parser: ArgumentParser) -> None:
    """Add the options that say what to compile, and with what."""
    add_output(parser)
    add_environments(parser)
    add_domains(parser)
    add_cache(parser)
    add_workers(parser)


class Chosen(msgspec.Struct, frozen=True):
    """What to compile: the mesh at `root`, in these environments and domains (empty: all)."""

    root: Path
    output: Path
    """The folder that `output/` is in."""

    environments: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()

    @classmethod
    def by(cls, options: Namespace) -> Chosen:
        """Return what the options choose; those that a verb does not have choose everything.

        Raises:
            UsageError: if there is no environment or domain of a given name.
        """
        values = {"output": None, "env": (), "domain": (), **vars(options)}
        root = find_root(options.root)
        return cls(
            root,
            find_output(root, values["output"]),
            chosen_environments(root, values["env"]),
            chosen_domains(root, values["domain"]),
        )

    @property
    def is_whole(self) -> bool:
        """Whether everything is chosen."""
        return not self.environments and not self.domains

    @property
    def elsewhere(self) -> str:
        """Where the output is, for a sentence; empty if it is beside the inputs."""
        return "" if self.output == self.root else f" in {self.output}"

    def inputs(self) -> InputFiles:
        """Return the files of the inputs."""
        from floe_compiler.load.input_tree import read_inputs

        return read_inputs(self.root, self.output)


@dataclass(frozen=True, slots=True)
class Compiling:
    """What is chosen, and what compiles it."""

    chosen: Chosen
    cache: Cache
    workers: Workers
    progress: Progress

    def compiled(self, inputs: InputFiles | None = None, meanwhile: Callable[[], object] | None = None) -> Compilation:
        """Return what the inputs (default: as they are now) compile to. `meanwhile` is called while the run waits.

        Raises:
            StageFailed: with what is wrong.
        """
        from floe_compiler.pipeline import compile_mesh

        chosen = self.chosen
        return compile_mesh(
            chosen.root,
            chosen.environments,
            self.progress,
            domains=chosen.domains,
            cache=self.cache,
            workers=self.workers,
            input_files=inputs or chosen.inputs(),
            meanwhile=meanwhile,
        )

    def checked(self, compiled: Compilation) -> WriteReport:
        """Return how the output on disk, of which all files are read, differs from what was compiled.

        Raises:
            StageFailed: if it could not be written safely.
        """
        from floe_compiler.write.output import check_output
        from floe_compiler.write.part import Part

        part = Part.of(compiled.chosen) if compiled.chosen is not None else None
        return check_output(
            self.chosen.output, compiled.files, compiled.digests, complete=self.chosen.is_whole, part=part
        )


@contextmanager
def compiling(
    options: Namespace, chosen: Chosen, cache: Cache | None = None, *, show: bool = True
) -> Iterator[Compiling]:
    """Open the workers that the options choose, the cache unless it is given, and show the progress if `show` is true.

    Raises:
        UsageError: if one of them is wrong.
    """
    from floe_compiler.report.progress import showing_progress

    with (
        nullcontext(cache) if cache else open_cache(options, chosen.root) as opened,
        open_workers(options) as workers,
        showing_progress(sys.stderr) if show else nullcontext(_silent) as progress,
    ):
        yield Compiling(chosen, opened, workers, progress)


def _silent(_: str) -> None:
    pass
