"""Diagnostics: what the compiler reports about an input. They are plain data; only `report` prints them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec
from msgspec.structs import replace

from floe_compiler.model.span import Span

Severity = Literal["error", "warning"]

ENVIRONMENT_END = ": "
"""Separates environment and object in a diagnostic's subject (`prod: Deployment a/b`)."""


class Rule(msgspec.Struct, frozen=True):
    """A kind of error or warning. Its code never changes its meaning.

    `title` is a short noun phrase. `explanation` says in one or two sentences what is wrong and what to do.
    Declare a rule as a constant in the module that checks it, and list it in the stage's registry, which is the source
    of `floe-compile rules` and `docs/rules.md`.
    """

    code: str
    title: str
    explanation: str
    severity: Severity = "error"


class Related(msgspec.Struct, frozen=True, order=True):
    """Another location that explains a diagnostic."""

    span: Span
    note: str


class Diagnostic(msgspec.Struct, frozen=True):
    """One finding: the rule, where, what is wrong, and how to fix it.

    `span` is None only if no line of the inputs is the cause. `subject` names the Kubernetes object or file
    (`prod: Deployment floe-platform/polaris`; `dev, prod: …` if it is in both). `message` and `hint` must not contain
    the value of a secret. If the line at `span` does, set `secret`, so that the line is not shown.
    """

    rule: Rule
    message: str
    span: Span | None = None
    subject: str = ""
    hint: str = ""
    related: tuple[Related, ...] = ()
    secret: bool = False

    @property
    def severity(self) -> Severity:
        """Return the rule's severity."""
        return self.rule.severity

    def sort_key(self) -> tuple[str, int, int, str, str, str]:
        """Return the key that diagnostics are sorted by: location, code, subject and message."""
        span = self.span or Span("~", 0, 0)
        return (span.file, span.line, span.column, self.rule.code, self.subject, self.message)


def ordered(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Return the diagnostics sorted by location.

    Those that several environments share are merged, and so are errors at one place about several objects: they are one
    mistake. Warnings are accepted object by object, so they stay apart.
    """
    environments: dict[Diagnostic, set[str]] = {}
    for diagnostic in diagnostics:
        names = diagnostic.subject.partition(ENVIRONMENT_END)[0] if ENVIRONMENT_END in diagnostic.subject else ""
        alike = replace(diagnostic, subject=diagnostic.subject.removeprefix(names))
        environments.setdefault(alike, set()).update(names.split(", "))
    joined = (replace(alike, subject=", ".join(sorted(names)) + alike.subject) for alike, names in environments.items())
    shared: dict[Diagnostic, list[Diagnostic]] = {}
    for diagnostic in sorted(joined, key=lambda merged: (merged.sort_key(), str(merged.related))):
        is_shared = diagnostic.span and diagnostic.severity == "error"
        alike = replace(diagnostic, subject="", related=()) if is_shared else diagnostic
        shared.setdefault(alike, []).append(diagnostic)
    return tuple(_joined(alike, same) for alike, same in shared.items())


def _joined(alike: Diagnostic, diagnostics: Sequence[Diagnostic]) -> Diagnostic:
    """Return one diagnostic for several that differ in their objects, and in the inputs that these come from."""
    related = dict.fromkeys(other for diagnostic in diagnostics[:SUBJECTS] for other in diagnostic.related)
    return replace(alike, subject=_several([diagnostic.subject for diagnostic in diagnostics]), related=tuple(related))


def _several(subjects: Sequence[str]) -> str:
    """Return one subject, or several with their number if they are many."""
    more = len(subjects) - SUBJECTS
    return "; ".join(subjects[:SUBJECTS]) + (f"; and {more} more" if more > 0 else "")


SUBJECTS = 3
"""How many objects a diagnostic names."""


class StageFailed(Exception):
    """A stage has finished and found errors, so the next stage must not start."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = ordered(diagnostics)
        super().__init__(f"{len(self.diagnostics)} problem(s)")

    def __reduce__(self) -> tuple[type[StageFailed], tuple[tuple[Diagnostic, ...]]]:
        """Pickle with the diagnostics, so that a worker process can raise it."""
        return StageFailed, (self.diagnostics,)


@dataclass(slots=True)
class Findings:
    """The diagnostics that a stage collects while it runs."""

    diagnostics: list[Diagnostic] = field(default_factory=list)

    def add(
        self,
        rule: Rule,
        message: str,
        span: Span | None = None,
        *,
        subject: str = "",
        hint: str = "",
        related: Iterable[Related] = (),
        secret: bool = False,
    ) -> None:
        """Add a finding."""
        self.diagnostics.append(Diagnostic(rule, message, span, subject, hint, tuple(related), secret))

    def extend(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Add findings."""
        self.diagnostics.extend(diagnostics)

    @property
    def failed(self) -> bool:
        """Return whether any finding is an error."""
        return any(diagnostic.severity == "error" for diagnostic in self.diagnostics)

    def finish(self) -> tuple[Diagnostic, ...]:
        """Return the warnings in order; raise StageFailed with all findings if there is an error."""
        if self.failed:
            raise StageFailed(self.diagnostics)
        return ordered(self.diagnostics)

    def another(self) -> Findings:
        """Return empty findings of the same kind."""
        return type(self)()

    @property
    def wanted(self) -> bool:
        """Return whether anybody reads them; if not, what only finds mistakes may be left out."""
        return True

    @property
    def worded(self) -> bool:
        """Return whether anybody reads what they say; if not, only whether there is one matters."""
        return self.wanted


class FirstError(Findings):
    """Findings for callers that only ask whether there is an error: the first one ends the stage with StageFailed."""

    @property
    def worded(self) -> bool:
        """Return False."""
        return False

    def add(self, rule: Rule, *about: Any, **more: Any) -> None:
        """Add a finding. Raises StageFailed if it is an error."""
        Findings.add(self, rule, *about, **more)
        if rule.severity == "error":
            raise StageFailed(self.diagnostics)


class Unread(Findings):
    """Findings that nobody reads: nothing is kept, and a stage goes on as far as it can."""

    def add(self, *_: object, **__: object) -> None:
        """Keep nothing."""

    def extend(self, _diagnostics: Iterable[Diagnostic], /) -> None:
        """Keep nothing."""

    @property
    def wanted(self) -> bool:
        """Return False: what only finds mistakes may be left out."""
        return False


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return a hint with the known word nearest to `word`, or with all known words if none is near."""
    choices = sorted(known)
    return nearest(word, choices) or (f"known: {', '.join(choices)}" if choices else "")


def nearest(word: str, known: Iterable[str], prefix: str = "") -> str:
    """Return a hint naming the known word nearest to `word`, after the prefix; empty if none is near."""
    words = near(word, known)
    return f'did you mean "{prefix}{words[0]}"?' if words else ""


def near(word: str, known: Iterable[str]) -> list[str]:
    """Return the known words that are near to `word`, the nearest first; three at most."""
    matches = difflib.get_close_matches(word, sorted(known), n=3, cutoff=0.6)
    return sorted(matches, key=lambda match: likeness(match, word), reverse=True)


def likeness(known: str, word: str) -> tuple[float, bool]:
    """Return how alike two words are. Of equals, those of the same letters win: the commonest slip is to swap two."""
    return difflib.SequenceMatcher(None, known, word).ratio(), sorted(known) == sorted(word)
