"""`floe-compile hook`: for pre-commit. Compile, write, and fail unless the commit has both inputs and output.

pre-commit uses `git diff` to see whether a hook changed files, so it does not notice new files, and it does not run a
hook for a commit that only deletes files. So this verb always checks everything itself.
"""

from __future__ import annotations

import shlex
from argparse import ArgumentParser, Namespace
from pathlib import Path

from msgspec.structs import replace

from floe_compiler.commands.compile import compile_and_write
from floe_compiler.commands.compiling import Chosen
from floe_compiler.commands.console import show
from floe_compiler.commands.exit_codes import DONE, FOUND
from floe_compiler.commands.git import unstaged
from floe_compiler.commands.new_files import path_from
from floe_compiler.commands.options import add_cache, add_common, add_workers, find_root, open_cache, open_workers
from floe_compiler.model.diagnostics import Diagnostic, Rule
from floe_compiler.model.layout import DEFINITIONS, MANIFEST, VENDOR
from floe_compiler.report.outcome import count

WORDS = ("", "not staged", "")
PLACES = ("base", DEFINITIONS, "domains", "output", "overlays", VENDOR, MANIFEST)

NOT_STAGED = Rule(
    "W013",
    "files that the commit would leave out",
    "Inputs or compiled files differ from what is staged, so the commit would have one without the other. Stage them "
    "with git add, and commit again.",
)


EXAMPLES = """\
examples:
  floe-compile hook           compile, and list what the commit would leave out
  floe-compile hook --quiet   print only errors
"""


def configure(parser: ArgumentParser) -> None:
    """Add the options."""
    parser.epilog = EXAMPLES
    add_common(parser)
    add_cache(parser)
    add_workers(parser)


def run(options: Namespace) -> int:
    """Compile, and list the files that are not staged."""
    root = find_root(options.root)
    with open_cache(options, root) as cache:
        for_people = options.format == "text"
        outcome = compile_and_write(Chosen(root, root), cache, open_workers(options), for_people=for_people)
    written = outcome.created or outcome.changed or outcome.deleted
    if paths := unstaged(root, PLACES):
        diagnostics = (*outcome.diagnostics, _not_staged(paths, root))
        outcome = replace(outcome, diagnostics=diagnostics, deleted=(), changed=paths, created=(), words=WORDS)
    show(outcome, root, options)
    return FOUND if paths or written else DONE


def _not_staged(paths: tuple[str, ...], root: Path) -> Diagnostic:
    # pre-commit runs at the top of the Git repository, and the mesh may be in a folder of it.
    places = (path_from(Path(), root / place) for place in sorted({path.split("/")[0] for path in paths}))
    message = f"{count(len(paths), 'file')} not staged: {', '.join(paths[:3])}{' …' if len(paths) > 3 else ''}"
    return Diagnostic(NOT_STAGED, message, subject="commit", hint=f"git add --all -- {shlex.join(places)}")
