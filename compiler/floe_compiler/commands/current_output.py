"""The output, if it is what the inputs compile to: for verbs that hand it on, or say what it is made of."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import msgspec

from floe_compiler.commands.check import stale_output
from floe_compiler.commands.compiling import Chosen, compiling
from floe_compiler.commands.options import add_cache, add_repository, add_workers
from floe_compiler.commands.output_folder import add_output
from floe_compiler.model.diagnostics import StageFailed

if TYPE_CHECKING:
    from floe_compiler.model.input_files import InputFiles
    from floe_compiler.pipeline.compilation import Compilation


class Current(msgspec.Struct, frozen=True):
    """What is chosen, its inputs, and what they compile to: what the disk has. Texts can be read while it is open."""

    chosen: Chosen
    inputs: InputFiles
    compiled: Compilation


def add_current_output(parser: ArgumentParser) -> None:
    """Add the options of a verb that opens the current output, and reports in text."""
    add_repository(parser)
    add_output(parser)
    add_cache(parser)
    add_workers(parser)
    parser.set_defaults(format="text", quiet=False)


@contextmanager
def current_output(chosen: Chosen, options: Namespace) -> Iterator[Current]:
    """Open the output of what is chosen.

    Raises:
        StageFailed: if the inputs are wrong, or the output is not what they compile to (W012).
    """
    inputs = chosen.inputs()
    with compiling(options, chosen) as run:
        compiled = run.compiled(inputs)
        report = run.checked(compiled)
        if report.stale:
            raise StageFailed((stale_output(report),))
        yield Current(chosen, inputs, compiled)
