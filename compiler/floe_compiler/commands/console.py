"""Shows an outcome in the chosen format: problems and the summary on stderr, data on stdout."""

from __future__ import annotations

import os
import posixpath
import sys
from argparse import Namespace
from pathlib import Path

from msgspec.structs import replace

from floe_compiler.model.diagnostics import Diagnostic
from floe_compiler.model.output_paths import OUTPUT
from floe_compiler.report.outcome import Outcome, count_problems, first_of_each_rule, without_warnings


def show(outcome: Outcome, root: Path, options: Namespace) -> None:
    """Print an outcome, in no form with what looks like a secret.

    `options.format` is the format. With `options.quiet`, the text format shows only errors.
    """
    if options.quiet and options.format not in ("json", "sarif"):
        outcome = without_warnings(outcome)
    outcome = first_of_each_rule(outcome)
    if (folder := vars(options).get("output")) is not None:
        outcome = replace(
            outcome, diagnostics=tuple(_located(diagnostic, root, folder) for diagnostic in outcome.diagnostics)
        )
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


def _located(diagnostic: Diagnostic, root: Path, folder: Path) -> Diagnostic:
    """Return a diagnostic about a file of an output elsewhere with the path that it has from the root."""
    above = Path(os.path.relpath(folder.resolve(), root)).as_posix()
    span, of_git = diagnostic.span, (".gitattributes", ".gitignore")
    if span is not None and (_is_output(span.file) or span.file.rpartition("/")[2] in of_git):
        return replace(diagnostic, span=span._replace(file=posixpath.normpath(f"{above}/{span.file}")))
    if span is None and _is_output(diagnostic.subject):
        return replace(diagnostic, subject=f"{above}/{diagnostic.subject}")
    return diagnostic


def _is_output(path: str) -> bool:
    return path == OUTPUT or path.startswith(f"{OUTPUT}/")


def _show_to_people(outcome: Outcome, root: Path, options: Namespace) -> None:
    from floe_compiler.report.terminal import paint_for
    from floe_compiler.report.text import render_paths, render_problems

    if options.format == "github":
        from floe_compiler.report.github import render_github

        sys.stdout.write(render_github(outcome))
    else:
        if not options.quiet:
            sys.stdout.write(render_paths(outcome))
            sys.stdout.flush()
        sys.stderr.write(render_problems(outcome, root, paint_for(sys.stderr)))
    if not options.quiet or outcome.errors:
        parts = (count_problems(outcome), outcome.summary)
        sys.stderr.write(f"floe-compile: {'; '.join(filter(None, parts))}\n")
