"""Diagnostics as SARIF 2.1.0, in the subset that GitHub code scanning reads.

docs.github.com/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
"""

from __future__ import annotations

import hashlib
import os
from typing import Any
from urllib.parse import quote

from floe_compiler.model.diagnostics import Diagnostic, Rule
from floe_compiler.model.layout import MANIFEST
from floe_compiler.model.span import Span
from floe_compiler.report.json_text import json_text
from floe_compiler.report.outcome import Outcome

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
WITHOUT_A_PLACE = Span(MANIFEST)
"""The location of results that have none, as code scanning refuses results without a location."""


def render_sarif(outcome: Outcome, version: str) -> str:
    """Return the log file of a run; `version` is the version of this tool."""
    rules = sorted({diagnostic.rule for diagnostic in outcome.diagnostics}, key=lambda rule: rule.code)
    driver = {"name": "floe-compile", "semanticVersion": version, "rules": [_rule(rule) for rule in rules]}
    run: dict[str, Any] = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": _results(outcome)}
    if outcome.left_out:
        run["properties"] = {"leftOut": {rule.code: number for rule, number in outcome.left_out}}
    return json_text({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.code,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.explanation},
        "help": {"text": rule.explanation},
        "defaultConfiguration": {"level": rule.severity},
    }


def _results(outcome: Outcome) -> list[dict[str, Any]]:
    seen: dict[str, int] = {}
    results = []
    for diagnostic in outcome.diagnostics:
        fingerprint = _fingerprint(diagnostic)
        seen[fingerprint] = seen.get(fingerprint, 0) + 1
        results.append(_result(diagnostic, f"{fingerprint}:{seen[fingerprint]}"))
    return results


def _result(diagnostic: Diagnostic, fingerprint: str) -> dict[str, Any]:
    message = "\n".join(filter(None, (_subject(diagnostic) + diagnostic.message, diagnostic.hint)))
    result: dict[str, Any] = {
        "ruleId": diagnostic.rule.code,
        "level": diagnostic.severity,
        "message": {"text": message},
        "locations": [_location(diagnostic.span or WITHOUT_A_PLACE)],
        # The only fingerprint that code scanning uses. Without it, code scanning derives one from the line's text.
        "partialFingerprints": {"primaryLocationLineHash": fingerprint},
    }
    if diagnostic.related:
        result["relatedLocations"] = [
            {"id": number, **_location(related.span), "message": {"text": related.note or "see also"}}
            for number, related in enumerate(diagnostic.related, start=1)
        ]
    return result


def _location(span: Span) -> dict[str, Any]:
    region = {"startLine": span.line, "startColumn": span.column}
    return {"physicalLocation": {"artifactLocation": {"uri": quote(os.fsencode(span.file))}, "region": region}}


def _subject(diagnostic: Diagnostic) -> str:
    return f"{diagnostic.subject}: " if diagnostic.subject else ""


def _fingerprint(diagnostic: Diagnostic) -> str:
    """Return a fingerprint that is stable when lines move: the rule and its subject, or the file and the message."""
    file = diagnostic.span.file if diagnostic.span else ""
    subject = diagnostic.subject or f"{file}\n{diagnostic.message}"
    return hashlib.sha256(f"{diagnostic.rule.code}\n{subject}".encode(errors="surrogateescape")).hexdigest()[:16]
