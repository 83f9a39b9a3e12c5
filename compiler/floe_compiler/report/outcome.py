"""The outcome of a command: the common input of all output formats."""

from __future__ import annotations

import msgspec

from floe_compiler.model.diagnostics import Diagnostic


class Outcome(msgspec.Struct, frozen=True):
    """Diagnostics in order, the paths that a command created, changed and deleted, and a summary.

    `words` says what happened to the deleted, changed and created paths.
    """

    diagnostics: tuple[Diagnostic, ...] = ()
    created: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    summary: str = ""
    words: tuple[str, str, str] = ("deleted", "changed", "created")

    @property
    def errors(self) -> int:
        """Return the number of errors."""
        return sum(diagnostic.severity == "error" for diagnostic in self.diagnostics)

    @property
    def warnings(self) -> int:
        """Return the number of warnings."""
        return len(self.diagnostics) - self.errors


def count(number: int, noun: str) -> str:
    """Return the number with the noun: `1 file`, `2 files`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def count_problems(outcome: Outcome) -> str:
    """Return `2 errors, 1 warning`, without zero counts."""
    parts = [(outcome.errors, "error"), (outcome.warnings, "warning")]
    return ", ".join(count(number, noun) for number, noun in parts if number)
