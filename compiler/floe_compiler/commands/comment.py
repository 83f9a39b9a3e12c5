"""`floe-compile comment`: one comment on a pull request, which later runs edit. Compiles nothing."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from pathlib import Path

from floe_compiler.commands.exit_codes import DONE, UsageError

MARK = "<!-- floe-compile: {name} -->"
"""What begins a comment, invisible to people: the next run finds it by this."""

NOTES = """\
The first run writes the comment, later ones edit it. Which pull request it is, and the token, are variables, as
pipelines set them; a token is never an argument.

  github   GITHUB_TOKEN, GITHUB_REPOSITORY, GITHUB_API_URL; the number of the pull request is --number. The token needs
           the permission pull-requests: write.
  gitlab   GITLAB_TOKEN (a project access token with the scope api), CI_API_V4_URL, CI_PROJECT_ID,
           CI_MERGE_REQUEST_IID (or --number)

examples:
  floe-compile diff origin/main --format markdown > change.md
  floe-compile comment change.md --on github --number 12
  floe-compile comment change.md --on gitlab
"""


def configure(parser: ArgumentParser) -> None:
    """Add the options."""
    parser.epilog = NOTES
    parser.formatter_class = RawDescriptionHelpFormatter
    parser.add_argument("file", type=Path, metavar="FILE", help="the comment, in Markdown")
    parser.add_argument("--on", choices=("github", "gitlab"), required=True, help="where the pull request is")
    parser.add_argument("--number", type=int, metavar="N", help="the number of the pull request or merge request")
    parser.add_argument("--name", default="change", help="distinguishes several comments (default: change)")
    parser.add_argument("-q", "--quiet", action="store_true", help="print errors only")


def run(options: Namespace) -> int:
    """Write or edit the comment."""
    from floe_compiler.commands.pull_requests import Refused, github, gitlab, post

    if not options.name.replace("-", "").isalnum():
        raise UsageError(f"--name {options.name}: use letters, digits and -")
    try:
        text = options.file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{options.file} cannot be read as text: {getattr(error, 'strerror', '') or error}") from error
    if not text.strip():
        raise UsageError(f"{options.file} is empty; write into it what the comment is to say")
    if options.number is not None and options.number < 1:
        raise UsageError(f"--number {options.number}: give the number of the pull request, 1 or more")
    place = (github if options.on == "github" else gitlab)(os.environ, options.number)
    body = f"{MARK.format(name=options.name)}\n{text}"
    if len(body) > place.largest:
        hint = f"shorten it: floe-compile diff --format markdown --largest {place.largest - 1000}"
        raise UsageError(f"{options.file} has {len(body)} characters, a comment there at most {place.largest}; {hint}")
    try:
        done = post(place, body, MARK.format(name=options.name))
    except Refused as error:
        raise UsageError(str(error)) from error
    if not options.quiet:
        sys.stderr.write(f"floe-compile: the comment is {done}\n")
    return DONE
