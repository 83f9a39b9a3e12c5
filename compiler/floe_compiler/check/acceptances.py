"""Warnings about an object that its annotations accept for good."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from floe_compiler.check.index import Index
from floe_compiler.model.annotations import ACCEPTANCE
from floe_compiler.model.diagnostics import ENVIRONMENT_END, Diagnostic, Rule
from floe_compiler.model.objects import ObjectId

NEEDLESS = Rule(
    "C009",
    "needless acceptance of a warning",
    "An annotation `floe.dev/accept-<rule>: <reason>` accepts a warning about its object. Here, that warning does not"
    " occur, or the reason is missing. Remove the annotation, or correct it. An error cannot be accepted.",
    "warning",
)

Accepted = Mapping[tuple[str, str], ObjectId]
"""The objects that accept a warning, by its code and subject."""


def settle(index: Index, findings: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
    """Yield the findings that no annotation accepts, and a warning for each annotation that accepts none."""
    accepted, without_reason = _annotations(index)
    used: set[tuple[str, str]] = set()
    for finding in findings:
        key = (finding.rule.code, finding.subject.partition(ENVIRONMENT_END)[2])
        if key in accepted and finding.severity == "warning":
            used.add(key)
        else:
            yield finding
    for code, subject in sorted(accepted.keys() - used):
        message = f"{_place(code)} accepts a warning, but there is none"
        yield index.finding(NEEDLESS, accepted[code, subject], message, "remove it, or correct the code")
    for code, identity in without_reason:
        yield index.finding(NEEDLESS, identity, f"{_place(code)} gives no reason", "write why it is accepted")


def _annotations(index: Index) -> tuple[Accepted, Collection[tuple[str, ObjectId]]]:
    """Return what the annotations accept, and those without a reason."""
    accepted: dict[tuple[str, str], ObjectId] = {}
    without_reason = []
    for identity, manifest in index.objects.items():
        for key, reason in manifest.get("metadata", {}).get("annotations", {}).items():
            code = key.removeprefix(ACCEPTANCE)
            if code != key and reason.strip():
                accepted[code, str(identity)] = identity
            elif code != key:
                without_reason.append((code, identity))
    return accepted, without_reason


def _place(code: str) -> str:
    return f"metadata.annotations[{ACCEPTANCE}{code}]"
