"""`floe-compile hook`: for pre-commit. Compile, write, and fail unless the commit holds inputs and output together.

pre-commit takes a hook that only makes new files for one that changed nothing, as it looks at `git diff`, and does not
call a hook for a commit that only deletes files. Hence this verb looks by itself, at everything, every time.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from dataclasses import replace

from floe_compiler.commands.compile import compile_and_write
from floe_compiler.commands.console import show
from floe_compiler.commands.exit_codes import DONE, FOUND
from floe_compiler.commands.git import unstaged
from floe_compiler.commands.options import add_cache, add_common, add_workers, find_root, open_cache, open_workers
from floe_compiler.model.diagnostics import Diagnostic, Rule
from floe_compiler.model.layout import MANIFEST
from floe_compiler.report.outcome import count

WORDS = ("", "not staged", "")
PLACES = ("base", "domains", "output", "overlays", MANIFEST)

NOT_STAGED = Rule(
    "W013",
    "files that the commit would leave out",
    "Inputs or compiled files differ from what is staged, so the commit would hold one without the other. Stage them "
    "with git add, and commit again.",
)


EXAMPLES = """\
examples:
  floe-compile hook           compile, and list what the commit would leave out
  floe-compile hook --quiet   say nothing but errors
"""


def configure(parser: ArgumentParser) -> None:
    """Add the options."""
    parser.epilog = EXAMPLES
    add_common(parser)
    add_cache(parser)
    add_workers(parser)


def run(options: Namespace) -> int:
    """Compile, and list what has yet to be staged."""
    root = find_root(options.root)
    with open_cache(options) as cache:
        for_people = options.format == "text"
        outcome = compile_and_write(root, (), (), cache, open_workers(options), for_people=for_people)
    written = outcome.created or outcome.changed or outcome.deleted
    if paths := unstaged(root, PLACES):
        found = (*outcome.diagnostics, _not_staged(paths))
        outcome = replace(outcome, diagnostics=found, deleted=(), changed=paths, created=(), words=WORDS)
    show(outcome, root, options)
    return FOUND if paths or written else DONE


def _not_staged(paths: tuple[str, ...]) -> Diagnostic:
    places = sorted({path.split("/")[0] for path in paths})
    message = f"{count(len(paths), 'file')} not staged: {', '.join(paths[:3])}{' …' if len(paths) > 3 else ''}"
    return Diagnostic(NOT_STAGED, message, subject="commit", hint=f"git add --all -- {' '.join(places)}")
