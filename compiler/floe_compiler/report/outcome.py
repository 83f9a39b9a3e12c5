"""The outcome of a command: the common input of all output formats."""

from __future__ import annotations

from collections import Counter

import msgspec
from msgspec.structs import replace

from floe_compiler.model.diagnostics import Diagnostic, Rule, Severity

MOST_OF_A_RULE = 50
"""More findings of one rule help nobody: most often they have one cause."""


class Outcome(msgspec.Struct, frozen=True):
    """Diagnostics in order, the paths that a command created, changed and deleted, and a summary.

    `left_out` are the rules with more findings than these, and how many more. `words`
    says what happened to the deleted, changed and created paths.
    """

    diagnostics: tuple[Diagnostic, ...] = ()
    created: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    summary: str = ""
    words: tuple[str, str, str] = ("deleted", "changed", "created")
    left_out: tuple[tuple[Rule, int], ...] = ()

    @property
    def errors(self) -> int:
        """Return the number of errors."""
        return self._count("error")

    @property
    def warnings(self) -> int:
        """Return the number of warnings."""
        return self._count("warning")

    def _count(self, severity: Severity) -> int:
        shown = sum(diagnostic.severity == severity for diagnostic in self.diagnostics)
        return shown + sum(more for rule, more in self.left_out if rule.severity == severity)


def first_of_each_rule(outcome: Outcome, most: int = MOST_OF_A_RULE) -> Outcome:
    """Return the outcome with the first findings of each rule, and how many more there are."""
    shown: list[Diagnostic] = []
    counts: Counter[Rule] = Counter()
    for diagnostic in outcome.diagnostics:
        counts[diagnostic.rule] += 1
        if counts[diagnostic.rule] <= most:
            shown.append(diagnostic)
    rest = sorted(
        ((rule, count - most) for rule, count in counts.items() if count > most), key=lambda pair: pair[0].code
    )
    return replace(outcome, diagnostics=tuple(shown), left_out=tuple(rest))


def without_warnings(outcome: Outcome) -> Outcome:
    """Return the outcome with only its errors."""
    errors = (diagnostic for diagnostic in outcome.diagnostics if diagnostic.severity == "error")
    more = tuple((rule, number) for rule, number in outcome.left_out if rule.severity == "error")
    return replace(outcome, diagnostics=tuple(errors), left_out=more)


def more_findings(number: int) -> str:
    """Return the note on findings that are not shown."""
    return f"{count(number, 'more finding')} of this rule, not shown"


def count(number: int, noun: str) -> str:
    """Return the number with the noun: `1 file`, `2 files`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def count_problems(outcome: Outcome) -> str:
    """Return `2 errors, 1 warning`, without zero counts."""
    parts = [(outcome.errors, "error"), (outcome.warnings, "warning")]
    return ", ".join(count(number, noun) for number, noun in parts if number)
