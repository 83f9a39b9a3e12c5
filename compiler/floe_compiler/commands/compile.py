"""`floe-compile`: turn the inputs into the files under output/."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from floe_compiler.commands.console import show
from floe_compiler.commands.exit_codes import DONE
from floe_compiler.commands.options import (
    add_cache,
    add_common,
    add_domains,
    add_environments,
    add_workers,
    chosen_domains,
    chosen_environments,
    chosen_scopes,
    find_root,
    open_cache,
    open_workers,
)
from floe_compiler.report.outcome import Outcome, count

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from floe_compiler.cache.store import Store
    from floe_compiler.pipeline.workers import Workers

EXAMPLES = """\
examples:
  floe-compile compile                                         compile everything
  floe-compile compile --env dev                               compile one environment
  floe-compile compile --domain sales                          compile one domain, whatever is wrong with others
  floe-compile compile --allow-delete prod/floe-sales-domain   let a removed domain go
"""


def configure(parser: ArgumentParser) -> None:
    """Add the options."""
    parser.epilog = EXAMPLES
    add_common(parser)
    add_environments(parser)
    add_domains(parser)
    add_cache(parser)
    add_workers(parser)
    parser.add_argument(
        "--allow-delete",
        action="append",
        default=[],
        metavar="ENV[/NAMESPACE]",
        help="allow deleting whole namespaces, volumes and so on there, and changing immutable fields (repeatable)",
    )


def run(options: Namespace) -> int:
    """Compile and write, or find that there is nothing to do."""
    root = find_root(options.root)
    environments, domains = chosen_environments(root, options.env), chosen_domains(root, options.domain)
    scopes = chosen_scopes(root, options.allow_delete)
    for_people = options.format == "text"
    with open_cache(options, root) as cache:
        workers = open_workers(options)
        outcome = compile_and_write(root, environments, scopes, cache, workers, domains, for_people=for_people)
    show(outcome, root, options)
    return DONE


def compile_and_write(
    root: Path,
    environments: tuple[str, ...],
    allow_delete: Iterable[str],
    cache: Store,
    workers_: AbstractContextManager[Workers],
    domains: tuple[str, ...] = (),
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
    from floe_compiler.load.input_tree import read_inputs

    input_files = read_inputs(root)
    digests = input_digests(input_files)
    current = None if domains else _nothing_to_do(root, environments, digests, cache, for_people=for_people)
    if current is not None:
        return current
    from floe_compiler.pipeline import compile_mesh
    from floe_compiler.report.progress import showing_progress
    from floe_compiler.write.looking import looking
    from floe_compiler.write.output import write_output
    from floe_compiler.write.part import Part

    is_whole = not domains
    with (
        looking(root, environments or digests, cache, is_whole and not environments) as looked,
        workers_ as workers,
        showing_progress(sys.stderr) as progress,
    ):
        compiled = compile_mesh(
            root,
            environments,
            progress,
            domains=domains,
            cache=cache,
            workers=workers,
            input_files=input_files,
            meanwhile=looked,
        )
        progress("writing")
        written = write_output(
            root,
            compiled.files,
            compiled.digests if is_whole else dict.fromkeys(compiled.digests, ""),
            cache,
            is_whole and not environments,
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
        summary=f"{_scope(compiled.digests, len(compiled.files))}: {', '.join(parts)}",
    )


def _nothing_to_do(
    root: Path, environments: tuple[str, ...], digests: Mapping[str, str], cache: Store, *, for_people: bool
) -> Outcome | None:
    from floe_compiler.write.output import warnings_if_current

    if not set(environments) <= set(digests):
        return None
    chosen = {name: digest for name, digest in digests.items() if name in environments or not environments}
    warnings = warnings_if_current(root, chosen, cache, complete=not environments) if chosen else None
    if warnings is None or (warnings and not for_people):
        return None
    again = f" ({count(warnings, 'warning')} when it was compiled: floe-compile check)" if warnings else ""
    return Outcome(summary=f"output is current{again}")


def _scope(environments: Iterable[str], files: int) -> str:
    return f"{', '.join(environments)}: {count(files, 'file')}"
