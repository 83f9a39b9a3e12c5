"""Findings that say the same of every object of a kind."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from msgspec.structs import replace

from floe_compiler.model.diagnostics import Diagnostic

ABOUT_KINDS = frozenset({"C002"})
"""The codes of the rules whose findings are about the kind of an object, not about the object."""


def once_for_each_kind(findings: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Return the findings, of those about a kind only the first, which says how many other objects there are."""
    findings = tuple(findings)
    alike: dict[str, set[Diagnostic]] = defaultdict(set)
    for finding in findings:
        if finding.rule.code in ABOUT_KINDS:
            alike[finding.message].add(finding)
    first = {message: min(same, key=Diagnostic.sort_key) for message, same in alike.items()}
    kept = [
        finding for finding in findings if finding.rule.code not in ABOUT_KINDS or finding == first[finding.message]
    ]
    return tuple(_counted(finding, alike.get(finding.message, set())) for finding in dict.fromkeys(kept))


def _counted(finding: Diagnostic, alike: set[Diagnostic]) -> Diagnostic:
    others = len({other.subject for other in alike}) - 1
    if others < 1:
        return finding
    more = "is 1 more object" if others == 1 else f"are {others} more objects"
    return replace(finding, message=f"{finding.message}; there {more} of this kind")
