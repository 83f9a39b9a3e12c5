"""Diagnostics: what the compiler reports about an input. They are values; only `report` prints them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Literal

from floe_compiler.model.span import Span

Severity = Literal["error", "warning"]

ENVIRONMENT_END = ": "
"""Separates environment and object in the subject of a diagnostic, as in `prod: Deployment a/b`."""


@dataclass(frozen=True, slots=True)
class Rule:
    """An error or warning of the compiler, under a code that never changes its meaning.

    `title` is a short noun phrase, `explanation` says in one or two sentences what is wrong with it and what to do.
    Declare one as a constant in the module that finds it, and list it in the stage's registry: `floe-compile rules` and
    `docs/rules.md` come from there.
    """

    code: str
    title: str
    explanation: str
    severity: Severity = "error"


@dataclass(frozen=True, order=True, slots=True)
class Related:
    """A further location that explains a diagnostic."""

    span: Span
    note: str


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding: the rule, where, what is wrong with this input, and how to fix it.

    `span` is None only where no authored line is to blame. `subject` names the Kubernetes object or file concerned
    (such as `prod: Deployment floe-platform/polaris`; `dev, prod: …` concerns that of both). Neither `message` nor
    `hint` may contain a secret's value; if the line at `span` does, `secret` keeps it from being shown.
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
        """Return the key of the one order in which diagnostics are shown: by place, code, subject and message."""
        span = self.span or Span("~", 0, 0)
        return (span.file, span.line, span.column, self.rule.code, self.subject, self.message)


def ordered(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Return the diagnostics sorted by location; one that several environments share is merged into one."""
    environments: dict[Diagnostic, set[str]] = {}
    for diagnostic in diagnostics:
        names = diagnostic.subject.partition(ENVIRONMENT_END)[0] if ENVIRONMENT_END in diagnostic.subject else ""
        alike = replace(diagnostic, subject=diagnostic.subject.removeprefix(names))
        environments.setdefault(alike, set()).update(names.split(", "))
    joined = (replace(alike, subject=", ".join(sorted(names)) + alike.subject) for alike, names in environments.items())
    return tuple(sorted(joined, key=Diagnostic.sort_key))


class StageFailed(Exception):
    """A stage found errors; it has finished looking, and the next stage must not start."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = ordered(diagnostics)
        super().__init__(f"{len(self.diagnostics)} problem(s)")

    def __reduce__(self) -> tuple[type[StageFailed], tuple[tuple[Diagnostic, ...]]]:
        """Pickle with the diagnostics, so that a worker process can raise it."""
        return StageFailed, (self.diagnostics,)


@dataclass(slots=True)
class Findings:
    """The diagnostics that one stage gathers while it runs."""

    found: list[Diagnostic] = field(default_factory=list)

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
        """Record one finding."""
        self.found.append(Diagnostic(rule, message, span, subject, hint, tuple(related), secret))

    def extend(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Record findings made elsewhere."""
        self.found.extend(diagnostics)

    @property
    def failed(self) -> bool:
        """Return whether any finding is an error."""
        return any(diagnostic.severity == "error" for diagnostic in self.found)

    def finish(self) -> tuple[Diagnostic, ...]:
        """Return the warnings in order; raise StageFailed with everything found if there is an error."""
        if self.failed:
            raise StageFailed(self.found)
        return ordered(self.found)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return a hint naming the known word nearest to `word`, or all the known words if none is near."""
    choices = sorted(known)
    return nearest(word, choices) or (f"known: {', '.join(choices)}" if choices else "")


def nearest(word: str, known: Iterable[str]) -> str:
    """Return a hint naming the known word nearest to `word`; empty if none is near."""
    found = near(word, known)
    return f'did you mean "{found[0]}"?' if found else ""


def near(word: str, known: Iterable[str]) -> list[str]:
    """Return the known words that are near to `word`, the nearest first; three at most."""
    found = difflib.get_close_matches(word, sorted(known), n=3, cutoff=0.6)
    return sorted(found, key=lambda one: likeness(one, word), reverse=True)


def likeness(one: str, word: str) -> tuple[float, bool]:
    """Return how alike two words are. Of equals, those of the same letters win: the commonest slip is to swap two."""
    return difflib.SequenceMatcher(None, one, word).ratio(), sorted(one) == sorted(word)
