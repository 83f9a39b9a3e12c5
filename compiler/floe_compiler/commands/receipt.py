"""`floe-compile receipt`: name the inputs, the compiler and the output by digests, so that others can verify them."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from floe_compiler.commands.compiling import Chosen
from floe_compiler.commands.current_output import Current, add_current_output, current_output
from floe_compiler.commands.exit_codes import DONE
from floe_compiler.commands.options import add_environments
from floe_compiler.model.diagnostics import StageFailed
from floe_compiler.model.layout import CHARTS

if TYPE_CHECKING:
    from floe_compiler.write.receipt import Receipt

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
    add_environments(parser)
    add_current_output(parser)


def run(options: Namespace) -> int:
    """Print the receipt of the output, which must be current.

    Raises:
        StageFailed: if the inputs are wrong, or if the output is not what they compile to (W012).
    """
    with current_output(Chosen.by(options), options) as current:
        receipt = receipt_of(current)
    sys.stdout.write(receipt.text())
    return DONE


def receipt_of(current: Current) -> Receipt:
    """Return the receipt of a current output."""
    from floe_compiler.commands.version import version
    from floe_compiler.load.digests import compiler_digest, files_of
    from floe_compiler.load.git_folder import path_in_git
    from floe_compiler.write.receipt import Compiler, Digest, Receipt, index_digests

    files = files_of(current.inputs, current.compiled.digests)
    return Receipt.of(
        index_digests(current.compiled.files.digests),
        files,
        Compiler(version(), Digest(compiler_digest())),
        packages_for(files),
        path_in_git(current.chosen.output) or "",
    )


def packages_for(inputs: Iterable[str]) -> Mapping[str, str]:
    """Return the version of each package of the compiler, by its package URL; if there are charts, also helm's.

    Charts that nothing runs need no helm: it is left out where it is not installed.

    Args:
        inputs: the paths of the inputs.
    """
    from floe_compiler.load.digests import versions

    packages = {f"pkg:pypi/{name.lower().replace('_', '-')}": version for name, version in versions().items()}
    if any(path.startswith(f"{CHARTS}/") for path in inputs):
        from floe_compiler.charts.helm import find_helm

        with suppress(StageFailed):
            packages["pkg:generic/helm"] = find_helm().version
    return packages
