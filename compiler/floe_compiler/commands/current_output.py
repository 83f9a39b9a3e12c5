"""The output of an environment, if it is what the inputs compile to: for verbs that hand it on."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path

from floe_compiler.commands.check import stale_output
from floe_compiler.commands.options import open_cache, open_workers
from floe_compiler.model.diagnostics import StageFailed


def current_texts(root: Path, environment: str, options: Namespace) -> dict[str, str]:
    """Return the texts of the environment by path: what was compiled, and not what is on the disk by now.

    Raises:
        StageFailed: if the inputs are wrong, or the output is not what they compile to (W012).
    """
    from floe_compiler.pipeline import compile_mesh
    from floe_compiler.report.progress import showing_progress
    from floe_compiler.write.output import check_output

    with open_cache(options, root) as cache, open_workers(options) as workers, showing_progress(sys.stderr) as progress:
        compiled = compile_mesh(root, (environment,), progress, cache=cache, workers=workers)
        report = check_output(root, compiled.files, compiled.digests, complete=False)
        if report.stale:
            raise StageFailed((stale_output(report),))
        return dict(compiled.files.items())
