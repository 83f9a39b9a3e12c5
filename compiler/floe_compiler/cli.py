"""The command line: runs a verb, and turns every outcome into an exit code and a plain message."""

from __future__ import annotations

import importlib
import os
import sys
from argparse import SUPPRESS, Action, ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Mapping, Sequence
from functools import partial
from io import TextIOWrapper
from shutil import get_terminal_size
from types import ModuleType
from typing import IO, Any, NoReturn

from floe_compiler.commands.exit_codes import BUG, DONE, FOUND, PIPE_CLOSED, USAGE, UsageError
from floe_compiler.commands.signals import ended_by, received
from floe_compiler.commands.verbs import VERBS, listed
from floe_compiler.model.diagnostics import StageFailed, nearest
from floe_compiler.model.plain_files import NO_ROOM

DEFAULT_VERB = "compile"

DESCRIPTION = """\
Compile the declarations of a data-mesh platform into plain Kubernetes YAML for Argo CD or Flux.

inputs:  platform-manifest.yaml   what the platform is made of
         overlays/<env>/          where it runs, at what scale, and patches of that environment
         domains/<domain>/        the domains and their data products
         base/                    hand-written objects and patches for every environment
         crds/                    definitions of custom resources that others install
         trust/                   certificates of authorities that programs trust
         vendor/                  the manifests that yours extends, and Helm charts
output:  output/<env>/<namespace>/<kind>_<name>.yaml, one object per file; commit it with the inputs, or with --output
         elsewhere
"""

USAGE_OF_ALL = "floe-compile [-h] [--version] VERB ..."
"""argparse leaves out an argument without a help text."""

EXAMPLES = """\
examples:
  floe-compile init                              begin a mesh here
  floe-compile                                   compile everything
  floe-compile --env dev                         compile one environment
  floe-compile check                             is output/ current? (for CI)
  floe-compile diff                              what do my edits change, compared with the last commit?
  floe-compile diff origin/main --format markdown   the same for a pull request
  floe-compile watch                             show what each edit changes, as you save it
  floe-compile promote staging prod              let prod run the images of staging
  floe-compile parity staging prod               how do they differ, and who says so?
  floe-compile explain output/prod/floe-platform/deployment.apps_polaris.yaml:spec.replicas
                                                 where does this value come from?
  floe-compile components catalog                what can I choose, and what can I set?
  floe-compile rules R012                        what does this error mean?
  floe-compile --allow-delete prod/floe-sales-domain   allow the deletion of a removed domain

exit codes:  0 done  1 errors, or an output that is not current  2 wrong usage  3 a bug in floe-compile
             130 interrupted  141 the reader of the output has ended  143 terminated
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; never raise."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    _tolerate_any_text()
    try:
        return _run(_parse(arguments))
    except SystemExit as exit_:  # by argparse, for --help, --version and wrong usage
        return exit_.code if isinstance(exit_.code, int) else USAGE
    except UsageError as error:
        _say(str(error))
        return USAGE
    except KeyboardInterrupt as interrupt:
        return ended_by(interrupt)
    except BrokenPipeError:
        _discard_answers()
        return PIPE_CLOSED
    except Exception as error:  # the only boundary: users never see a traceback
        if signalled := received():
            return ended_by(signalled)
        if isinstance(error, OSError) and error.errno in NO_ROOM:
            _discard_answers(sys.stdout)
            _say(f"cannot write {error.filename or 'the answer'}: {error.strerror}")
            return FOUND
        if isinstance(error, PermissionError) and error.filename:
            _say(f"not allowed to read or write {error.filename}; let the user who runs this do so")
            return FOUND
        from floe_compiler.commands.bug_report import bug_report

        sys.stderr.write(bug_report(error, arguments))
        return BUG


def _say(message: str) -> None:
    """Print a message that may have words of the user, or names of files, in it."""
    from floe_compiler.report.terminal import printable

    sys.stderr.write(f"floe-compile: {printable(message)}\n")


def _discard_answers(*streams: IO[str]) -> None:
    """Send what is still to be written nowhere; without streams, both of stdout and stderr."""
    # Python flushes them at exit, which would fail again (docs.python.org/3/library/signal.html#note-on-sigpipe).
    for stream in streams or (sys.stdout, sys.stderr):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _run(options: Namespace) -> int:
    try:
        code: int = _module(options.verb).run(options)
    except StageFailed as failed:
        _show_failure(failed, options)
        code = FOUND
    sys.stdout.flush()
    return code


def _parse(arguments: list[str]) -> Namespace:
    first = next(iter(arguments), "")
    if not first or (first.startswith("-") and first not in ("-h", "--help", "--version")):
        if late := next((word for word in arguments if word in VERBS), ""):
            raise UsageError(f"say the verb first: floe-compile {late} ...")
        arguments = [DEFAULT_VERB, *arguments]
    verb = arguments[0]
    if verb not in VERBS and not verb.startswith("-"):
        hint = nearest(verb, VERBS) or "floe-compile --help lists them"
        raise UsageError(f'there is no verb "{verb}"; {hint}')
    parser = parser_of({verb: VERBS[verb]}) if verb in VERBS else parser_of(VERBS, configured=False)
    options, unknown = parser.parse_known_args(arguments)
    if unknown:
        options.wrong_usage(f"unrecognized arguments: {' '.join(unknown)}")
    return options


def parser_of(summaries: Mapping[str, str], *, configured: bool = True) -> ArgumentParser:
    """Return the parser of these verbs, by name with what they do. Their modules are imported if it is configured.

    A run needs one verb: making the parsers of all takes as long as reading a small mesh. `--help` lists verbs in
    groups, which argparse cannot.
    """
    text = RawDescriptionHelpFormatter
    description = DESCRIPTION if configured else f"{DESCRIPTION}\n{listed(get_terminal_size().columns - 2)}"
    parser = _Parser("floe-compile", usage=USAGE_OF_ALL, description=description, epilog=EXAMPLES, formatter_class=text)
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    visibility = {} if configured else {"help": SUPPRESS}
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True, prog="floe-compile", **visibility)
    for name, summary in summaries.items():
        below = verbs.add_parser(name, help=summary, description=summary, allow_abbrev=False, formatter_class=text)
        if configured:
            _module(name).configure(below)
            below.set_defaults(parser_of_all=partial(parser_of, VERBS), wrong_usage=below.error)
    return parser


def _module(verb: str) -> ModuleType:
    return importlib.import_module(f"floe_compiler.commands.{verb.replace('-', '_')}")


class _Parser(ArgumentParser):
    """Names no secret that a user may have written as an argument."""

    def error(self, message: str) -> NoReturn:
        """Print a message about wrong usage, and exit."""
        from floe_compiler.report.terminal import printable

        super().error(printable(message))


class _Version(Action):
    """Looks the version up only if it is requested."""

    def __call__(self, parser: ArgumentParser, *_: Any) -> None:
        from floe_compiler.commands.version import version

        sys.stdout.write(f"floe-compile {version()}\n")
        parser.exit(DONE)


def _show_failure(failed: StageFailed, options: Namespace) -> None:
    from floe_compiler.commands.console import show
    from floe_compiler.commands.options import FORMATS, find_root
    from floe_compiler.report.outcome import Outcome

    settings = Namespace(**{"root": None, "format": "text", "quiet": False, **vars(options)})
    if settings.format not in FORMATS:
        settings.format = "text"
    show(Outcome(failed.diagnostics), find_root(settings.root), settings)


def _tolerate_any_text() -> None:
    """Keep running if the terminal's encoding lacks a character."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
