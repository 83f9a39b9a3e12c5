"""`floe-compile`: turn the inputs into the files under output/."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from floe_compiler.commands.compiling import Chosen, Compiling, add_compiling
from floe_compiler.commands.console import show
from floe_compiler.commands.exit_codes import DONE
from floe_compiler.commands.options import add_common, chosen_scopes, open_cache, open_workers
from floe_compiler.report.outcome import Outcome, count

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from floe_compiler.model.cache import Cache
    from floe_compiler.pipeline.workers import Workers

EXAMPLES = """\
examples:
  floe-compile compile                                         compile everything
  floe-compile compile --env dev                               compile one environment
  floe-compile compile --domain sales                          compile one domain, whatever is wrong with others
  floe-compile compile --allow-delete prod/floe-sales-domain   allow the deletion of a removed domain
"""


def configure(parser: ArgumentParser) -> None:
    """Add the options."""
    parser.epilog = EXAMPLES
    add_common(parser)
    add_compiling(parser)
    parser.add_argument(
        "--allow-delete",
        action="append",
        default=[],
        metavar="ENV[/NAMESPACE]",
        help="allow deleting whole namespaces, volumes and so on there, and changing immutable fields (repeatable)",
    )


def run(options: Namespace) -> int:
    """Compile and write, or find that there is nothing to do."""
    chosen = Chosen.by(options)
    scopes = chosen_scopes(chosen.output, options.allow_delete)
    with open_cache(options, chosen.root) as cache:
        workers = open_workers(options)
        outcome = compile_and_write(chosen, cache, workers, scopes, for_people=options.format == "text")
    show(outcome, chosen.root, options)
    return DONE


def compile_and_write(
    chosen: Chosen,
    cache: Cache,
    workers_: AbstractContextManager[Workers],
    allow_delete: Iterable[str] = (),
    *,
    for_people: bool,
) -> Outcome:
    """Make the output what the inputs compile to and return what was done.

    If there is nothing to do, the text output has the number of warnings; other formats always have them all.

    Raises:
        StageFailed: if the inputs are wrong, or the output cannot be written safely.
    """
    # Without the pipeline, as importing it takes longer than all of this.
    from floe_compiler.load.digests import input_digests

    inputs = chosen.inputs()
    digests = input_digests(inputs)
    current = None if chosen.domains else _nothing_to_do(chosen, digests, cache, for_people=for_people)
    if current is not None:
        return current
    from floe_compiler.report.progress import showing_progress
    from floe_compiler.write.looking import looking
    from floe_compiler.write.output import write_output
    from floe_compiler.write.part import Part

    with (
        looking(chosen.output, chosen.environments or digests, cache, chosen.is_whole) as looked,
        workers_ as workers,
        showing_progress(sys.stderr) as progress,
    ):
        compiled = Compiling(chosen, cache, workers, progress).compiled(inputs, looked)
        progress("writing")
        written = write_output(
            chosen.output,
            compiled.files,
            dict.fromkeys(compiled.digests, "") if chosen.domains else compiled.digests,
            cache,
            chosen.is_whole,
            allow_delete,
            len(compiled.warnings),
            looked(),
            Part.of(compiled.chosen) if compiled.chosen is not None else None,
        )
    changes = ((written.create, "created"), (written.change, "changed"), (written.delete, "deleted"))
    parts = [f"{len(paths)} {word}" for paths, word in changes if paths] or ["nothing to change"]
    return Outcome(
        (*compiled.warnings, *written.warnings),
        created=written.create,
        changed=written.change,
        deleted=written.delete,
        summary=f"{_scope(compiled.digests, len(compiled.files))}{chosen.elsewhere}: {', '.join(parts)}",
    )


def _nothing_to_do(chosen: Chosen, digests: Mapping[str, str], cache: Cache, *, for_people: bool) -> Outcome | None:
    from floe_compiler.write.output import warnings_if_current

    environments = chosen.environments or tuple(digests)
    if not environments or not set(environments) <= set(digests):
        return None
    wanted = {name: digests[name] for name in environments}
    warnings = warnings_if_current(chosen.output, wanted, cache, complete=chosen.is_whole)
    if warnings is None or (warnings and not for_people):
        return None
    again = f" ({count(warnings, 'warning')} when it was compiled: floe-compile check)" if warnings else ""
    return Outcome(summary=f"output is current{again}")


def _scope(environments: Iterable[str], files: int) -> str:
    return f"{', '.join(environments)}: {count(files, 'file')}"
