"""Workflow commands of GitHub Actions: annotations on the lines of a pull request.

docs.github.com/actions/reference/workflow-commands-for-github-actions. The escapes are those of the `@actions/core`
package, `command.ts`.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable

from floe_compiler.model.diagnostics import Diagnostic
from floe_compiler.report.danger_groups import dangers_with_objects, describe
from floe_compiler.report.diff import EnvironmentDiff
from floe_compiler.report.outcome import Outcome, more_findings
from floe_compiler.report.terminal import visible


def render_github(outcome: Outcome) -> str:
    """Return an annotation for each diagnostic, and the changed paths between markers that disable commands."""
    annotations = "".join(f"{_annotation(diagnostic)}\n" for diagnostic in outcome.diagnostics)
    for rule, number in outcome.left_out:
        annotations += annotate(rule.severity, f"{rule.code} {rule.title}", more_findings(number)) + "\n"
    paths = "".join(f"{path}\n" for path in (*outcome.deleted, *outcome.changed, *outcome.created))
    return annotations + (without_commands(paths) if paths else "")


def annotate_dangers(diffs: Iterable[EnvironmentDiff]) -> str:
    """Return a warning for each danger, once for all its objects, as GitHub shows only some warnings of a step."""
    dangers = [
        annotate("warning", danger.word, describe(danger, threatened, lambda env, change: f"{env}: {change.identity}"))
        for danger, threatened in dangers_with_objects(diffs).items()
    ]
    return "".join(f"{annotation}\n" for annotation in dangers)


def annotate(level: str, title: str, message: str, place: str = "") -> str:
    """Return one workflow command; `place` has more properties, already escaped."""
    return f"::{level} {place}title={_property(title)}::{_data(message)}"


def without_commands(text: str) -> str:
    """Return the text between markers, so that the runner does not run `::` commands in it.

    The marker is random, so that no text can contain it and end the block.
    """
    marker = secrets.token_hex(16)
    return f"::stop-commands::{marker}\n{text.removesuffix(chr(10))}\n::{marker}::\n"


def _annotation(diagnostic: Diagnostic) -> str:
    place = ""
    if span := diagnostic.span:
        place = f"file={_property(span.file)},line={span.line},col={span.column},"
    message = diagnostic.message if diagnostic.span else f"{diagnostic.subject}: {diagnostic.message}".lstrip(": ")
    hint = f"\nhint: {diagnostic.hint}" if diagnostic.hint else ""
    title = f"{diagnostic.rule.code} {diagnostic.rule.title}"
    return annotate(diagnostic.severity, title, message + hint, place)


def _data(text: str) -> str:
    return visible(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
