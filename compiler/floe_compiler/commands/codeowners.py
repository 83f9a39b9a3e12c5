"""`floe-compile codeowners`: who must approve a change of which file, from the owners that documents name."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from floe_compiler.commands.exit_codes import DONE, FOUND, UsageError
from floe_compiler.commands.new_files import path_from
from floe_compiler.commands.options import add_repository, find_root
from floe_compiler.commands.output_folder import add_output, find_output
from floe_compiler.model.plain_files import NotPlain, read_below

PLACES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS")
"""Where GitHub and GitLab look for the file, the first first."""

NOTES = """\
Each document's `metadata.owner` owns its file, that of a domain its folder. The output needs no approval of its own.
Lines of your own stay: only those between two comments are written. The file is where it already is, or else
CODEOWNERS, at the top of the Git repository. With --output, the lines are for the repository of the output: there the
owner of an environment owns what it runs.

examples:
  floe-compile codeowners           print the lines
  floe-compile codeowners --write   write them into the file
  floe-compile codeowners --check   fail unless the file has them (for CI)
"""


def configure(parser: ArgumentParser) -> None:
    """Add the options."""
    parser.epilog = NOTES
    action = parser.add_mutually_exclusive_group()
    action.add_argument("--write", action="store_true", help="write them into the file")
    action.add_argument("--check", action="store_true", help="report whether the file has them; write nothing")
    add_repository(parser)
    add_output(parser)
    parser.set_defaults(format="text")


def run(options: Namespace) -> int:
    """Print, write or check the lines."""
    root = find_root(options.root)
    output = find_output(root, options.output)
    if not options.write and not options.check:
        sys.stdout.write(owners(root, output))
        return DONE
    file, current, wanted = _file(root, output)
    if current == wanted:
        return DONE
    if options.check:
        sys.stderr.write(f"floe-compile: {file} does not have today's owners; run: floe-compile codeowners --write\n")
        return FOUND
    write_owners(root, output)
    return DONE


def owners(root: Path, output: Path) -> str:
    """Return the lines of the repository at `output`: of inputs and output, or only of the output of those at `root`.

    Raises:
        StageFailed: if a document is wrong.
    """
    from floe_compiler.components import registry
    from floe_compiler.load.input_tree import read_inputs
    from floe_compiler.load.mesh import load
    from floe_compiler.report.codeowners import block, output_block
    from floe_compiler.resolve.schemas import plain_schemas
    from floe_compiler.write.index import index_path

    sources, _ = load(read_inputs(root, output), plain_schemas(registry()))
    return block(sources) if output == root else output_block(sources, index_path)


def write_owners(root: Path, output: Path, *, only_anew: bool = False) -> None:
    """Write the lines into the file, and say so; `only_anew`: if it has such lines, and they are not today's."""
    from floe_compiler.report.codeowners import BEGIN
    from floe_compiler.write.commit import reporting_refusals, write_file

    file, current, wanted = _file(root, output)
    if only_anew and (BEGIN not in current or current == wanted):
        return
    with reporting_refusals(output):
        write_file(str(file), wanted)
    sys.stdout.write(f"wrote {path_from(root, file)}\n")


def _file(root: Path, output: Path) -> tuple[Path, str, str]:
    """Return the file, its text, and what it should be.

    Raises:
        UsageError: if the file is a link, or not text in UTF-8.
    """
    from floe_compiler.load.git_folder import top_of
    from floe_compiler.report.codeowners import replaced

    top = top_of(output) or output
    place = next((place for place in PLACES if os.path.lexists(top / place)), "CODEOWNERS")
    try:
        current = read_below(top, place).decode()
    except FileNotFoundError:
        current = ""
    except NotPlain as error:
        raise UsageError(f"{top / place} is not a plain file; put one in its place") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{top / place} is not text in UTF-8") from error
    return top / place, current, replaced(current, owners(root, output))
