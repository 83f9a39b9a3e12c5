"""`floe-compile check`: report whether the output is what the inputs compile to, and write nothing."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from floe_compiler.commands.compiling import Chosen, add_compiling, compiling
from floe_compiler.commands.console import show
from floe_compiler.commands.exit_codes import DONE, FOUND, UsageError
from floe_compiler.commands.options import add_common
from floe_compiler.model.diagnostics import Diagnostic, Rule
from floe_compiler.report.outcome import Outcome, count

if TYPE_CHECKING:
    from floe_compiler.pipeline.compilation import Compilation
    from floe_compiler.report.work_done import Stopwatch
    from floe_compiler.write.output import WriteReport

STALE = Rule(
    "W012",
    "output that is not current",
    "The files under output/ are not what the inputs compile to. Run floe-compile and commit what it writes.",
)


EXAMPLES = """\
examples:
  floe-compile check                   is output/ what the inputs compile to?
  floe-compile check --format github   the same, with marks on the lines of a pull request
  floe-compile check --inputs          do the inputs compile? (where the output is in another repository)
"""


def configure(parser: ArgumentParser) -> None:
    """Add the options."""
    parser.epilog = EXAMPLES
    add_common(parser)
    add_compiling(parser)
    parser.add_argument(
        "--inputs", action="store_true", help="only check that the inputs compile, not that output/ is current"
    )
    parser.add_argument(
        "--summary",
        type=Path,
        metavar="FILE",
        help="add to a file, in Markdown, what was compiled and how long it took ($GITHUB_STEP_SUMMARY)",
    )


def run(options: Namespace) -> int:
    """Compile in memory and compare."""
    from floe_compiler.report.work_done import Stopwatch

    if options.summary and not options.summary.absolute().parent.is_dir():
        raise UsageError(f"--summary {options.summary}: name a file in a folder that exists")
    chosen = Chosen.by(options)
    with compiling(options, chosen) as opened:
        steps = Stopwatch(opened.progress, perf_counter)
        run = replace(opened, progress=steps)
        compiled = run.compiled()
        steps("comparing")
        report = None if options.inputs else run.checked(compiled)
    if options.summary:
        _add_summary(options.summary, compiled, steps)
    if report is None:
        show(Outcome(compiled.warnings, summary="the inputs compile"), chosen.root, options)
        return DONE
    outcome = Outcome(
        (*compiled.warnings, *report.warnings, *((stale_output(report),) if report.stale else ())),
        created=report.create,
        changed=report.change,
        deleted=report.delete,
        summary="output is not current" if report.stale else "output is current",
        words=("delete", "change", "create"),
    )
    show(outcome, chosen.root, options)
    return FOUND if report.stale else DONE


def _add_summary(file: Path, compiled: Compilation, steps: Stopwatch) -> None:
    """Add to a file what was compiled. Raises UsageError if it cannot be written."""
    from floe_compiler.report.work_done import WorkDone, render_work

    done = []
    for environment in compiled.environments:
        objects = sum(len(head.files.paths) for head in environment.heads.values())
        done.append(
            WorkDone(
                environment.environment,
                len(environment.heads),
                compiled.compiled_units.get(environment.environment, 0),
                objects,
            )
        )
    try:
        with file.open("a", encoding="utf-8") as opened:
            opened.write(render_work(done, steps.seconds))
    except OSError as error:
        raise UsageError(f"--summary {file}: {error.strerror}; name a file that can be written") from error


def stale_output(report: WriteReport) -> Diagnostic:
    """Return the error that an output is not current (W012), given what compiling would write."""
    number = len((*report.create, *report.change, *report.delete) or report.indexes)
    message = f"{count(number, 'file')} {'differs' if number == 1 else 'differ'} from what the inputs compile to"
    return Diagnostic(STALE, message, subject="output", hint="run floe-compile and commit output/")
