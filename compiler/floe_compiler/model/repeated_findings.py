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
    every = tuple(findings)
    alike: dict[str, set[Diagnostic]] = defaultdict(set)
    for found in every:
        if found.rule.code in ABOUT_KINDS:
            alike[found.message].add(found)
    first = {message: min(same, key=Diagnostic.sort_key) for message, same in alike.items()}
    kept = [one for one in every if one.rule.code not in ABOUT_KINDS or one == first[one.message]]
    return tuple(_counted(one, alike.get(one.message, set())) for one in dict.fromkeys(kept))


def _counted(finding: Diagnostic, alike: set[Diagnostic]) -> Diagnostic:
    others = len({one.subject for one in alike}) - 1
    if others < 1:
        return finding
    more = "is 1 more object" if others == 1 else f"are {others} more objects"
    return replace(finding, message=f"{finding.message}; there {more} of this kind")
