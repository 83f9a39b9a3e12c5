"""`floe-compile receipt`: name the inputs, the compiler and the output by digests, so that others can verify them."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from contextlib import suppress

from floe_compiler.commands.check import stale_output
from floe_compiler.commands.compiling import Chosen, compiling
from floe_compiler.commands.exit_codes import DONE
from floe_compiler.commands.options import add_cache, add_environments, add_repository, add_workers
from floe_compiler.commands.output_folder import add_output
from floe_compiler.model.diagnostics import StageFailed
from floe_compiler.model.layout import CHARTS

NOTES = """\
It has no time and no path of this machine: the same inputs and the same compiler give the same bytes. Keep it outside
of output/, such as with a release, and sign it with the program that signs your releases.

examples:
  floe-compile receipt --env prod > prod.receipt.json   what prod is made of, once output/ is current
  floe-compile verify prod.receipt.json                 is that what is here?
"""


def configure(parser: ArgumentParser) -> None:
    """Add the options."""
    parser.epilog = NOTES
    add_repository(parser)
    add_output(parser)
    add_environments(parser)
    add_cache(parser)
    add_workers(parser)


def run(options: Namespace) -> int:
    """Print the receipt of the output, which must be current.

    Raises:
        StageFailed: if the inputs are wrong, or if the output is not what they compile to (W012).
    """
    from floe_compiler.commands.version import version
    from floe_compiler.load.digests import compiler_digest, files_of
    from floe_compiler.load.git_folder import path_in_git
    from floe_compiler.write.receipt import Compiler, Digest, Receipt, index_digests

    chosen = Chosen.by(options)
    inputs = chosen.inputs()
    with compiling(options, chosen) as run:
        compiled = run.compiled(inputs)
        report = run.checked(compiled)
    if report.stale:
        raise StageFailed([stale_output(report)])
    files = files_of(inputs, compiled.digests)
    receipt = Receipt.of(
        index_digests(compiled.files.digests),
        files,
        Compiler(version(), Digest(compiler_digest())),
        _packages(has_charts=any(path.startswith(f"{CHARTS}/") for path in files)),
        path_in_git(chosen.output) or "",
    )
    sys.stdout.write(receipt.text())
    return DONE


def _packages(*, has_charts: bool) -> Mapping[str, str]:
    """Return the version of each package of the compiler, by its package URL; if there are charts, also helm's.

    Charts that nothing runs need no helm: it is left out where it is not installed.
    """
    from floe_compiler.load.digests import versions

    packages = {f"pkg:pypi/{name.lower().replace('_', '-')}": version for name, version in versions().items()}
    if has_charts:
        from floe_compiler.charts.helm import find_helm

        with suppress(StageFailed):
            packages["pkg:generic/helm"] = find_helm().version
    return packages
