"""`floe-compile blame`: the lines of an output file, each with the input that it follows from."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace

from floe_compiler.commands.exit_codes import DONE, UsageError
from floe_compiler.commands.options import add_cache, add_common
from floe_compiler.commands.output_file import explained, split_place
from floe_compiler.commands.output_folder import add_output

NOTES = """\
Each line begins with the input that decides it, as file:line. `+2` says that two more take part: name the line to see
all. In brackets is what no document says: a default, or `fixed`, which the component or the compiler decides itself. Of
what a Helm chart renders, the entry in `charts` is there, and the template above the lines.

A line with only a key has what all lines below it have in common. Each line of a longer text, as in a ConfigMap, has
its own. In JSON, columns begin at 1, `end` is the column after the last one, `path` the place in the object.

examples:
  floe-compile blame output/prod/floe-platform/deployment.apps_polaris.yaml
  floe-compile blame output/prod/floe-platform/deployment.apps_polaris.yaml:42   all that line 42 follows from
  floe-compile blame output/prod/floe-platform/deployment.apps_polaris.yaml --format json   for an editor
"""


def configure(parser: ArgumentParser) -> None:
    """Add the options."""
    parser.epilog = NOTES
    parser.add_argument("place", metavar="FILE[:LINE]", help="a file under output/, and the number of a line in it")
    add_common(parser, ("text", "json"))
    add_output(parser)
    add_cache(parser)


def run(options: Namespace) -> int:
    """Show the lines of one file, or one of them, with what they follow from."""
    from floe_compiler.report.blame import blame_json, blame_line, blame_text
    from floe_compiler.report.blamed_lines import blamed_lines
    from floe_compiler.report.terminal import paint_for

    file, number = split_place(options.place)
    if number and not number.isdecimal():
        raise UsageError(f"{number} is not the number of a line; for a path in the object: floe-compile explain")

    def look(text: str) -> None:
        """Refuse a line number that the file does not have, before anything is explained."""
        count = text.count("\n")
        if number and not 1 <= int(number) <= count:
            raise UsageError(f"{file} has {count} lines, and no line {number}")

    explanation = explained(file, options, look)
    lines = blamed_lines(explanation)
    chosen = lines[int(number) - 1 : int(number)] if number else lines
    if options.format == "json":
        sys.stdout.write(blame_json(explanation, chosen))
    elif number:
        sys.stdout.write(blame_line(chosen[0], paint_for(sys.stdout)))
    else:
        sys.stdout.write(blame_text(explanation, chosen, paint_for(sys.stdout)))
    return DONE
