"""Diagnostics and changed paths as one JSON document, for programs."""

from __future__ import annotations

from typing import Any

from floe_compiler.model.diagnostics import Diagnostic
from floe_compiler.model.span import Span
from floe_compiler.report.json_text import json_text
from floe_compiler.report.outcome import Outcome

FORMAT = 1
"""Increased when a key changes its meaning or is removed. New keys may be added at any time."""


def render_json(outcome: Outcome) -> str:
    """Return the document, with one line break at its end."""
    document = {
        "format": FORMAT,
        "summary": {"text": outcome.summary, "errors": outcome.errors, "warnings": outcome.warnings},
        "diagnostics": [_diagnostic(diagnostic) for diagnostic in outcome.diagnostics],
        "left_out": {rule.code: number for rule, number in outcome.left_out},
        "deleted": list(outcome.deleted),
        "changed": list(outcome.changed),
        "created": list(outcome.created),
    }
    return json_text(document)


def _diagnostic(diagnostic: Diagnostic) -> dict[str, Any]:
    return {
        "code": diagnostic.rule.code,
        "severity": diagnostic.severity,
        "title": diagnostic.rule.title,
        "message": diagnostic.message,
        "hint": diagnostic.hint,
        "subject": diagnostic.subject,
        "span": _span(diagnostic.span) if diagnostic.span else None,
        "related": [{**_span(related.span), "note": related.note} for related in diagnostic.related],
    }


def _span(span: Span) -> dict[str, Any]:
    return {"file": span.file, "line": span.line, "column": span.column}
