"""`floe-compile parity`: how two environments differ, and which line says so."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace

from floe_compiler.commands.exit_codes import DONE, UsageError
from floe_compiler.commands.options import add_cache, add_repository, chosen_environments, find_root, open_cache

FORMATS = ("text", "markdown", "json")
NOTES = """\
Each setting that the documents of two environments set differently, with the lines that do: images, schedules and
settings of data products, domains and products that only one of them has, settings of domains and of the platform, and
hand-written files in overlays/. What environments are for is counted, and shown with --all: the scale, sizes and
replicas, the cluster, hosts, buckets, roles and names of secrets. JSON has all of them.

A default that follows from the scale is not listed (floe-compile components SLOT lists those). To see objects instead
of settings, compare the folders: git diff --no-index output/staging output/prod

examples:
  floe-compile parity staging prod                      what do they run or set differently?
  floe-compile parity staging prod --all                with the differences that are expected
  floe-compile parity staging prod --format markdown    for a pull request
"""


def configure(parser: ArgumentParser) -> None:
    """Add the options."""
    parser.epilog = NOTES
    parser.add_argument("source", metavar="ENV", help="an environment")
    parser.add_argument("target", metavar="OTHER", help="another one")
    parser.add_argument("--all", action="store_true", help="show the differences that are expected, too")
    parser.add_argument("--format", choices=FORMATS, default="text", help="how to report (default: text)")
    add_repository(parser)
    add_cache(parser)


def run(options: Namespace) -> int:
    """Compare, and show the differences.

    Raises:
        UsageError: if there are no two environments with these names.
        StageFailed: if an input is wrong.
    """
    from floe_compiler.load.input_tree import read_inputs
    from floe_compiler.pipeline.resolving import resolve_inputs
    from floe_compiler.promotion.parity import parity
    from floe_compiler.promotion.selection import Side
    from floe_compiler.report.parity import render_json, render_markdown, render_text, summary
    from floe_compiler.report.terminal import paint_for

    root = find_root(options.root)
    names = (options.source, options.target)
    if options.source == options.target:
        raise UsageError(f"{options.source} cannot be compared with itself; name two environments")
    chosen = chosen_environments(root, names)
    files = read_inputs(root)
    with open_cache(options, root) as cache:
        sources, _ = resolve_inputs(files, chosen, cache)
    differences = parity(files, sources, *(Side.of(sources, name) for name in names))
    if options.format == "json":
        sys.stdout.write(render_json(differences, names))
    elif options.format == "markdown":
        sys.stdout.write(render_markdown(differences, names, with_expected=options.all))
    else:
        sys.stdout.write(render_text(differences, names, paint_for(sys.stdout), with_expected=options.all))
        sys.stdout.flush()
        is_hidden = not options.all and any(difference.is_expected for difference in differences)
        hidden = " (--all shows them)" if is_hidden else ""
        sys.stderr.write(f"floe-compile: {names[0]} and {names[1]}: {summary(differences)}{hidden}\n")
    return DONE
