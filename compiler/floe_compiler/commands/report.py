"""`floe-compile report`: one page of HTML about a change, and about all that the platform is made of."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from floe_compiler.commands.compiling import Chosen, Compiling, compiling
from floe_compiler.commands.costs import costs_between, site_of
from floe_compiler.commands.diff import HEAD, at_revision, differences, hashes_before, on_disk
from floe_compiler.commands.exit_codes import DONE, UsageError
from floe_compiler.commands.options import add_cache, add_environments, add_repository, add_workers
from floe_compiler.commands.output_folder import add_output
from floe_compiler.model.output_paths import OUTPUT
from floe_compiler.model.sites import environment_of

if TYPE_CHECKING:
    from floe_compiler.commands.edits import Edit
    from floe_compiler.model.input_files import InputFiles
    from floe_compiler.model.span import Span
    from floe_compiler.pipeline.compilation import Compilation
    from floe_compiler.report.costs.rollup import Costs
    from floe_compiler.report.diff import EnvironmentDiff
    from floe_compiler.report.page.contents import Contents

EXPLAINED = 24
DOCTYPE = b"<!doctype html>"

NOTES = f"""\
The page has what `diff` shows, with dangers first and the same change of several environments shown once, and the lines
that were edited. Beside it: a graph of who calls whom, and lists of secrets (their names), images, routes, grants,
alerts, quotas, network policies and objects, of all that is compiled. It needs no network, and sends nothing.

Which edited line an object follows from is looked up for {EXPLAINED} changes, those with dangers first (--explain).

examples:
  floe-compile report --html report.html                what do my edits change, compared with the last commit?
  floe-compile report --html report.html origin/main    for a pull request
  floe-compile report --html report.html --explain 100  explain more changes
"""


def configure(parser: ArgumentParser) -> None:
    """Add the options."""
    parser.epilog = NOTES
    parser.add_argument("revision", nargs="?", default=HEAD, help="the Git revision to compare with (default: HEAD)")
    parser.add_argument("--html", type=Path, required=True, metavar="FILE", help="the page to write")
    parser.add_argument(
        "--explain",
        type=int,
        default=EXPLAINED,
        metavar="N",
        help=f"how many changes to explain (default: {EXPLAINED})",
    )
    add_repository(parser)
    add_output(parser)
    parser.add_argument("-q", "--quiet", action="store_true", help="print errors only")
    add_environments(parser)
    add_cache(parser)
    add_workers(parser)


def run(options: Namespace) -> int:
    """Compile in memory, compare, and write the page."""
    from floe_compiler.commands.edits import edits_since
    from floe_compiler.report.diff_text import summary_line
    from floe_compiler.report.page.contents import page_data
    from floe_compiler.report.page.render import render_page
    from floe_compiler.write.look import look

    chosen = Chosen.by(options)
    _check(options, chosen.output)
    with compiling(options, chosen) as run:
        is_here = chosen.output == chosen.root
        if is_here:
            before = at_revision(chosen.root, options.revision)
        else:
            before = on_disk(chosen.output, look(chosen.output, (), run.cache))
        edits = edits_since(chosen.root, options.revision)
        inputs = chosen.inputs()
        compiled = run.compiled(inputs)
        run.progress("comparing")
        old = hashes_before(before, compiled, chosen.environments)
        diffs = differences(before, old, compiled)
        costs = costs_between(before, old, compiled)
        contents = _contents(run, inputs, options, compiled, diffs, costs, edits)
    page = render_page(contents.title, page_data(contents))
    try:
        options.html.write_bytes(page.encode())
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        raise UsageError(f"--html {options.html}: {error.strerror}; name a file in a folder that exists") from error
    if not options.quiet:
        sys.stderr.write(f"floe-compile: {summary_line(diffs)}; see {options.html}\n")
    return DONE


def _check(options: Namespace, output: Path) -> None:
    if options.explain < 0:
        raise UsageError(f"--explain {options.explain}: give 0 or more")
    if not options.html.absolute().parent.is_dir():
        raise UsageError(f"--html {options.html}: No such file or directory; name a file in a folder that exists")
    if options.html.absolute().is_relative_to(output / OUTPUT):
        raise UsageError(f"--html {options.html}: {OUTPUT}/ has what is compiled and nothing else; name another folder")
    if options.html.is_file() and not _is_page(options.html):
        raise UsageError(f"--html {options.html}: this is another file, and no report; name one that may be replaced")


def _is_page(file: Path) -> bool:
    """Whether a file is empty or a page of HTML, such as an earlier report."""
    with file.open("rb") as opened:
        start = opened.read(len(DOCTYPE))
    return not start or start.lower() == DOCTYPE


def _contents(
    run: Compiling,
    inputs: InputFiles,
    options: Namespace,
    compiled: Compilation,
    diffs: Sequence[EnvironmentDiff],
    costs: Sequence[Costs],
    edits: Sequence[Edit],
) -> Contents:
    from floe_compiler.commands.edits import commit_of
    from floe_compiler.pipeline.planned_units import list_secrets, plan_environments
    from floe_compiler.report.costs.texts import COST_COLUMNS, cost_rows
    from floe_compiler.report.lineage_graph import lineage
    from floe_compiler.report.page.contents import Contents, EditedFile
    from floe_compiler.report.page.inventory import table, tables
    from floe_compiler.synthesize.graphs import connections

    reasons = _reasons(run, inputs, options.explain, compiled, diffs, edits)
    run.progress("drawing")
    names = tuple(environment.environment for environment in compiled.environments)
    by_site = {cost.site: tuple(cost_rows(cost)) for cost in costs}
    environments = tuple(dict.fromkeys(map(environment_of, names)))
    sources, plans = plan_environments(inputs, environments, run.cache)
    return Contents(
        title=str(sources.manifest.data["metadata"]["name"]),
        compared=f"compared with {options.revision} ({commit_of(run.chosen.root, options.revision)})",
        diffs=diffs,
        reasons=reasons,
        edits=[EditedFile(edit.file, edit.lines) for edit in edits],
        secrets=list_secrets(inputs, environments, run.cache),
        connections={name: connections(plans[name]) for name in names},
        lineage=lineage(sources),
        tables=(
            *tables(environment.manifests() for environment in compiled.environments),
            *([table("costs", "Costs", COST_COLUMNS, [by_site.get(name, ()) for name in names])] if costs else []),
        ),
        objects={name: _objects(compiled, name) for name in names},
    )


def _objects(compiled: Compilation, environment: str) -> list[tuple[str, ...]]:
    """Return name, kind, folder and file of the objects of an environment, as their paths say."""
    rows: list[tuple[str, ...]] = []
    for path in compiled.files:
        if site_of(path) == environment:
            folder, file = path.split("/")[-2:]
            kind, _, rest = file.removesuffix(".yaml").partition("_")
            rows.append((rest, kind, folder, f"{folder}/{file}"))
    return rows


def _reasons(
    run: Compiling,
    inputs: InputFiles,
    most: int,
    compiled: Compilation,
    diffs: Sequence[EnvironmentDiff],
    edits: Sequence[Edit],
) -> Mapping[str, Sequence[tuple[str, str]]]:
    from floe_compiler.pipeline.explaining import explain_files
    from floe_compiler.report.folding import folded
    from floe_compiler.report.page.contents import to_explain
    from floe_compiler.report.reasons import reasons

    changes = {change.file: change for diff in diffs for change in diff.changes}
    files = to_explain(folded(diffs), most, compiled.files)
    edited = {edit.file: edit.new for edit in edits}
    if not files or not edited:
        return {}
    run.progress("looking for what is written")

    def is_edited(span: Span | None) -> bool:
        return span is not None and span.line in edited.get(span.file, ())

    explained = explain_files(inputs, compiled, files, cache=run.cache, workers=run.workers, only=is_edited)
    return {file: reasons(explanation, changes[file]) for file, explanation in explained}
