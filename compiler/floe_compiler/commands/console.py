"""Shows an outcome in the chosen format: problems and the summary on stderr, data on stdout."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path

from msgspec.structs import replace

from floe_compiler.report.outcome import Outcome, count_problems, first_of_each_rule


def show(outcome: Outcome, root: Path, options: Namespace) -> None:
    """Print an outcome, in no form with what looks like a secret.

    `options.format` is the format. With `options.quiet`, the text format shows only errors.
    """
    outcome = first_of_each_rule(outcome)
    if outcome.diagnostics:
        from floe_compiler.report.secrecy import hide_in_diagnostic

        outcome = replace(outcome, diagnostics=tuple(map(hide_in_diagnostic, outcome.diagnostics)))
    if options.format == "json":
        from floe_compiler.report.json_format import render_json

        sys.stdout.write(render_json(outcome))
    elif options.format == "sarif":
        from floe_compiler.commands.version import version
        from floe_compiler.report.sarif import render_sarif

        sys.stdout.write(render_sarif(outcome, version()))
    else:
        _show_to_people(outcome, root, options)


def _show_to_people(outcome: Outcome, root: Path, options: Namespace) -> None:
    from floe_compiler.report.terminal import paint_for
    from floe_compiler.report.text import render_paths, render_problems, without_warnings

    shown = without_warnings(outcome) if options.quiet else outcome
    if options.format == "github":
        from floe_compiler.report.github import render_github

        sys.stdout.write(render_github(shown))
    else:
        if not options.quiet:
            sys.stdout.write(render_paths(outcome))
            sys.stdout.flush()
        sys.stderr.write(render_problems(shown, root, paint_for(sys.stderr)))
    if not options.quiet or outcome.errors:
        parts = (count_problems(shown), outcome.summary)
        sys.stderr.write(f"floe-compile: {'; '.join(filter(None, parts))}\n")
