"""Diagnostics for people: `file:line:column: error[R012]: message`, the line, a hint and related locations."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from floe_compiler.model.diagnostics import Diagnostic, Rule, Severity
from floe_compiler.model.span import Span
from floe_compiler.report.outcome import Outcome, more_findings
from floe_compiler.report.terminal import Paint, Style, visible

MOST_PATHS = 60
_STYLES: dict[Severity, Style] = {"error": "red", "warning": "yellow"}


def render_problems(outcome: Outcome, root: Path, paint: Paint) -> str:
    """Return the diagnostics, with errors last, next to the summary; empty if there are none."""
    ranked = sorted(outcome.diagnostics, key=lambda diagnostic: diagnostic.severity == "error")
    secret = frozenset(_line(diagnostic.span) for diagnostic in ranked if diagnostic.secret and diagnostic.span)
    shown = ("\n".join(_lines(diagnostic, root, paint, secret)) for diagnostic in ranked)
    more = (f"{_label(rule, paint)}: {more_findings(number)}" for rule, number in outcome.left_out)
    return "".join(f"{text}\n\n" for text in (*shown, *more))


def render_paths(outcome: Outcome, most: int = MOST_PATHS) -> str:
    """Return one line for each path, deletions first; after `most` lines, the number of other paths."""
    groups = zip(outcome.words, (outcome.deleted, outcome.changed, outcome.created), strict=True)
    lines = [f"{word}  {visible(path)}\n" for word, paths in groups for path in paths]
    more = [f"… and {len(lines) - most} more\n"] if len(lines) > most else []
    return "".join([*lines[:most], *more])


def _line(span: Span) -> tuple[str, int]:
    return span.file, span.line


def _lines(diagnostic: Diagnostic, root: Path, paint: Paint, secret: frozenset[tuple[str, int]]) -> Iterator[str]:
    place = str(diagnostic.span) if diagnostic.span else diagnostic.subject or "floe-compile"
    yield f"{paint(visible(place), 'bold')}: {_label(diagnostic.rule, paint)}: {_indented(diagnostic.message)}"
    if diagnostic.span:
        from floe_compiler.report.excerpt import excerpt  # imports all that hides secrets

        hidden = diagnostic.message if _line(diagnostic.span) in secret else None
        yield from excerpt(root, diagnostic.span, paint, secret_beside=hidden)
        if diagnostic.subject:
            yield f"  concerns {visible(diagnostic.subject)}"
    if diagnostic.hint:
        yield f"  {paint('hint:', 'green')} {_indented(diagnostic.hint)}"
    for related in diagnostic.related:
        note = f": {visible(related.note)}" if related.note else ""
        yield f"  {paint('see also', 'blue')} {visible(str(related.span))}{note}"


def _label(rule: Rule, paint: Paint) -> str:
    return paint(f"{rule.severity}[{rule.code}]", _STYLES[rule.severity])


def _indented(text: str) -> str:
    return visible(text).replace("\n", "\n    ")
