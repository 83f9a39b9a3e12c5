"""The output, if it is what the inputs compile to: for verbs that hand it on, or say what it is made of."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from floe_compiler.commands.check import stale_output
from floe_compiler.commands.options import open_cache, open_workers
from floe_compiler.model.diagnostics import StageFailed

if TYPE_CHECKING:
    from floe_compiler.model.input_files import InputFiles
    from floe_compiler.pipeline.compilation import Compilation


class Current(msgspec.Struct, frozen=True):
    """The inputs, and what they compile to, which is what the disk has. Its texts can be read while it is open."""

    inputs: InputFiles
    compiled: Compilation


@contextmanager
def current_output(root: Path, environments: tuple[str, ...], options: Namespace) -> Iterator[Current]:
    """Open the output of some environments; without names, of all.

    Raises:
        StageFailed: if the inputs are wrong, or the output is not what they compile to (W012).
    """
    from floe_compiler.load.input_tree import read_inputs
    from floe_compiler.pipeline import compile_mesh
    from floe_compiler.report.progress import showing_progress
    from floe_compiler.write.output import check_output

    inputs = read_inputs(root)
    with open_cache(options, root) as cache, open_workers(options) as workers, showing_progress(sys.stderr) as progress:
        compiled = compile_mesh(root, environments, progress, cache=cache, workers=workers, input_files=inputs)
        report = check_output(root, compiled.files, compiled.digests, complete=not environments)
        if report.stale:
            raise StageFailed((stale_output(report),))
        yield Current(inputs, compiled)
