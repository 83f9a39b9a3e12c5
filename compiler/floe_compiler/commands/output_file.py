"""The output file that a verb is asked about, and where its values come from."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from floe_compiler.commands.compiling import Chosen
from floe_compiler.commands.exit_codes import UsageError
from floe_compiler.commands.options import open_cache
from floe_compiler.model.diagnostics import nearest
from floe_compiler.model.output_paths import OUTPUT

if TYPE_CHECKING:
    from floe_compiler.model.explanation import Explanation

SUFFIX = ".yaml"


def split_place(place: str) -> tuple[str, str]:
    """Return a file and what follows its colon. The file ends with `.yaml`: a colon may also follow a drive letter."""
    file, colon, rest = place.partition(f"{SUFFIX}:")
    return (f"{file}{SUFFIX}", rest) if colon else (place, "")


def explained(file: str, options: Namespace, look: Callable[[str], None] | None = None) -> Explanation:
    """Return where each value of an output file comes from.

    `look` is given the text of the file before it is explained, and may raise an error of its own.

    Raises:
        UsageError: if the inputs compile to no such file.
        StageFailed: if the inputs are wrong.
    """
    from floe_compiler.pipeline import explain_file
    from floe_compiler.pipeline.workers import default_jobs, workers
    from floe_compiler.report.progress import showing_progress

    chosen = Chosen.by(options)
    root = chosen.root
    # What a process varies is not made to be sent to another one: a forked one has it already.
    with (
        open_cache(options, root) as cache,
        workers(default_jobs() if sys.platform == "linux" else 1) as processes,
        showing_progress(sys.stderr) as progress,
    ):
        explanation = explain_file(
            root,
            _from_root(chosen.output, file),
            progress,
            cache=cache,
            workers=processes,
            input_files=chosen.inputs(),
            recall=True,
            look=look,
        )
    if explanation is None:
        near = nearest(file, _compiled(chosen.output)) or "name one below output/"
        raise UsageError(f"{file} is not a file that the inputs compile to; {near}")
    return explanation


def _from_root(root: Path, file: str) -> str:
    """Return the file's path from the root, also if it is absolute, or relative to another folder or to output/."""
    written = Path(file)
    absolute = Path(os.path.normpath(Path.cwd() / written))
    if absolute.is_relative_to(root) and absolute.exists():
        return absolute.relative_to(root).as_posix()
    return f"{OUTPUT}/{file}" if (root / OUTPUT / file).is_file() else file


def _compiled(root: Path) -> set[str]:
    """Return the paths of the files that were compiled last."""
    return {path.relative_to(root).as_posix() for path in (root / OUTPUT).glob("*/*/*.yaml")}
