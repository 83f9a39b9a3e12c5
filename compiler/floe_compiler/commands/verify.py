"""`floe-compile verify`: prove that the files here are what a receipt names, or what the inputs compile to."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from msgspec.structs import replace

from floe_compiler.commands.check import stale_output
from floe_compiler.commands.compiling import Chosen, Compiling
from floe_compiler.commands.console import show
from floe_compiler.commands.exit_codes import DONE, UsageError
from floe_compiler.commands.options import add_common, add_workers, open_workers
from floe_compiler.commands.output_folder import add_output
from floe_compiler.model.diagnostics import StageFailed
from floe_compiler.report.outcome import Outcome, count
from floe_compiler.write.receipt import Receipt

NOTES = """\
There are two levels, and the answer says which one was reached:

  digests      the inputs and output/ are those that the receipt names. You trust whoever made the receipt that the
               inputs compile to output/. This takes moments
  recompiled   the inputs were compiled again, from nothing and without the cache, and gave output/. You trust only the
               floe-compile that you run

Without a receipt, the inputs are always compiled again.

examples:
  floe-compile verify prod.receipt.json               are these the files of the receipt?
  floe-compile verify prod.receipt.json --recompile   and do these inputs compile to this output?
  floe-compile verify                                 is output/ what these inputs compile to, whoever has made it?
"""


def configure(parser: ArgumentParser) -> None:
    """Add the options."""
    parser.epilog = NOTES
    parser.add_argument("receipt", nargs="?", type=Path, metavar="RECEIPT", help="a receipt (default: none)")
    parser.add_argument("--recompile", action="store_true", help="also compile the inputs again, without the cache")
    add_common(parser)
    add_output(parser)
    add_workers(parser)


def run(options: Namespace) -> int:
    """Compare with the receipt, then compile again if that is asked for.

    Raises:
        StageFailed: with what differs (W023, W024; W012 if the inputs compile to something else), a file that is no
            receipt (W022), or what is wrong with the inputs.
        UsageError: if the receipt cannot be read.
    """
    chosen = Chosen.by(options)
    receipt = _read(options.receipt) if options.receipt else None
    named = _compared(chosen, receipt) if receipt else ""
    if named and not options.recompile:
        summary = f"digests: {named}; whether one compiles to the other, --recompile shows"
        show(Outcome(summary=summary), chosen.root, options)
        return DONE
    compiled = _recompiled(chosen, tuple(receipt.outputs) if receipt else (), options)
    proven = f"{named}, and the inputs compile to them" if named else compiled
    show(Outcome(summary=f"recompiled: {proven}{_other_compiler(receipt)}"), chosen.root, options)
    return DONE


def _read(file: Path) -> Receipt:
    from floe_compiler.write.receipt import read_receipt

    try:
        return read_receipt(file)
    except OSError as error:
        raise UsageError(f"{file}: cannot be read: {error.strerror}") from error


def _compared(chosen: Chosen, receipt: Receipt) -> str:
    """Return what was compared. Raises StageFailed if anything differs."""
    from floe_compiler.load.digests import files_of
    from floe_compiler.load.git_folder import path_in_git
    from floe_compiler.write.verified import compare_with_receipt

    inputs = files_of(chosen.inputs(), receipt.outputs)
    files = compare_with_receipt(chosen.output, receipt, inputs, path_in_git(chosen.output))
    counts = f"{count(len(inputs), 'input')} and {count(files, 'file')}"
    return f"{', '.join(receipt.outputs)}: {counts} are those of the receipt"


def _recompiled(chosen: Chosen, environments: tuple[str, ...], options: Namespace) -> str:
    """Compile without a cache and return what the output is. Raises StageFailed if it is something else (W012)."""
    from floe_compiler.cache.store import Memory
    from floe_compiler.report.progress import showing_progress

    with open_workers(options) as workers, showing_progress(sys.stderr) as progress:
        run = Compiling(replace(chosen, environments=environments), Memory(), workers, progress)
        compiled = run.compiled()
        report = run.checked(compiled)
    if report.stale:
        raise StageFailed([stale_output(report)])
    return f"{', '.join(compiled.digests)}: {count(len(compiled.files), 'file')} are what the inputs compile to"


def _other_compiler(receipt: Receipt | None) -> str:
    """Return the note that another compiler has made the receipt, or that it names other packages, if so."""
    from floe_compiler.commands.receipt import packages_for
    from floe_compiler.load.digests import compiler_digest

    if receipt is None:
        return ""
    if receipt.predicate.compiler.digest.sha256 != compiler_digest():
        return " (by another compiler than the receipt names)"
    if receipt.packages != packages_for(receipt.inputs):
        return " (with other packages than the receipt names)"
    return ""
