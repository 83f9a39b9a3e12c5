"""Warnings that the platform manifest accepts for good."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from floe_compiler.model.diagnostics import ENVIRONMENT_END, Diagnostic
from floe_compiler.model.document import Document
from floe_compiler.model.span import Span
from floe_compiler.resolve.rules import NEEDLESS_ACCEPTANCE


class Acceptance(msgspec.Struct, frozen=True):
    """A warning that is accepted: its rule, and the object or file that it is about."""

    rule: str
    about: str
    span: Span

    def accepts(self, finding: Diagnostic) -> bool:
        """Return whether a finding is such a warning. An error is never accepted."""
        if finding.severity != "warning" or finding.rule.code != self.rule:
            return False
        subject = finding.subject.partition(ENVIRONMENT_END)[2] or finding.subject
        return self.about in (subject, finding.span.file if finding.span else "")


def acceptances(manifest: Document) -> tuple[Acceptance, ...]:
    """Return what a valid manifest accepts, each with its place."""
    entries = manifest.data.get("accepted_warnings") or ()
    return tuple(
        Acceptance(str(entry["rule"]), str(entry["about"]), manifest.span(("accepted_warnings", position)))
        for position, entry in enumerate(entries)
    )


def without_accepted(findings: Iterable[Diagnostic], accepted: Iterable[Acceptance]) -> tuple[Diagnostic, ...]:
    """Return the findings that are not accepted."""
    all_accepted = tuple(accepted)
    return tuple(finding for finding in findings if not any(acceptance.accepts(finding) for acceptance in all_accepted))


def unneeded(findings: Iterable[Diagnostic], accepted: Iterable[Acceptance]) -> Iterator[Diagnostic]:
    """Yield a warning for each acceptance that none of the findings of all environments needs."""
    warnings = tuple(findings)
    for acceptance in accepted:
        if not any(map(acceptance.accepts, warnings)):
            message = f"{acceptance.rule} about {acceptance.about} is accepted, but there is no such warning"
            yield Diagnostic(
                NEEDLESS_ACCEPTANCE, message, acceptance.span, hint="remove it, or write what the warning names"
            )
