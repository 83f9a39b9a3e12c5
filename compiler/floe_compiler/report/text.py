"""Diagnostics for people: `file:line:column: error[R012]: message`, the line, a hint and related locations."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from msgspec.structs import replace

from floe_compiler.model.diagnostics import Diagnostic, Severity
from floe_compiler.model.span import Span
from floe_compiler.report.excerpt import excerpt
from floe_compiler.report.outcome import Outcome
from floe_compiler.report.terminal import Paint, Style, visible

MOST_PATHS = 60
_STYLES: dict[Severity, Style] = {"error": "red", "warning": "yellow"}


def render_problems(outcome: Outcome, root: Path, paint: Paint) -> str:
    """Return the diagnostics, with errors last, next to the summary; empty if there are none."""
    ranked = sorted(outcome.diagnostics, key=lambda diagnostic: diagnostic.severity == "error")
    secret = frozenset(_line(diagnostic.span) for diagnostic in ranked if diagnostic.secret and diagnostic.span)
    return "".join("\n".join(_lines(diagnostic, root, paint, secret)) + "\n\n" for diagnostic in ranked)


def render_paths(outcome: Outcome, most: int = MOST_PATHS) -> str:
    """Return one line for each path, deletions first; after `most` lines, the number of other paths."""
    groups = zip(outcome.words, (outcome.deleted, outcome.changed, outcome.created), strict=True)
    lines = [f"{word}  {visible(path)}\n" for word, paths in groups for path in paths]
    more = [f"… and {len(lines) - most} more\n"] if len(lines) > most else []
    return "".join([*lines[:most], *more])


def without_warnings(outcome: Outcome) -> Outcome:
    """Return the outcome with only its errors."""
    errors = (diagnostic for diagnostic in outcome.diagnostics if diagnostic.severity == "error")
    return replace(outcome, diagnostics=tuple(errors))


def _line(span: Span) -> tuple[str, int]:
    return span.file, span.line


def _lines(diagnostic: Diagnostic, root: Path, paint: Paint, secret: frozenset[tuple[str, int]]) -> Iterator[str]:
    place = str(diagnostic.span) if diagnostic.span else diagnostic.subject or "floe-compile"
    label = paint(f"{diagnostic.severity}[{diagnostic.rule.code}]", _STYLES[diagnostic.severity])
    yield f"{paint(visible(place), 'bold')}: {label}: {_indented(diagnostic.message)}"
    if diagnostic.span:
        if _line(diagnostic.span) not in secret:
            yield from excerpt(root, diagnostic.span, paint)
        if diagnostic.subject:
            yield f"  concerns {visible(diagnostic.subject)}"
    if diagnostic.hint:
        yield f"  {paint('hint:', 'green')} {_indented(diagnostic.hint)}"
    for related in diagnostic.related:
        note = f": {visible(related.note)}" if related.note else ""
        yield f"  {paint('see also', 'blue')} {visible(str(related.span))}{note}"


def _indented(text: str) -> str:
    return visible(text).replace("\n", "\n    ")
