"""Errors about rendered objects point at the written value that they follow from, where it is quick to find."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache, partial
from typing import NamedTuple

from msgspec.structs import replace

from floe_compiler.explain.attempts import Valid
from floe_compiler.explain.documents import documents_of
from floe_compiler.explain.question import Schemas
from floe_compiler.explain.written_places import written_place
from floe_compiler.model.diagnostics import ENVIRONMENT_END, Diagnostic, Related, StageFailed
from floe_compiler.model.objects import parse_object_id
from floe_compiler.model.sites import environment_of
from floe_compiler.model.sources import Sources
from floe_compiler.model.span import Span
from floe_compiler.model.value_spans import path_in
from floe_compiler.resolve.slots import Registry

MOST = 12
"""The most values that are looked up: each takes as long as rendering its object several times."""

ALIKE = 2
"""The most findings with one message in an environment whose values are looked up."""


class _Located(NamedTuple):
    """Where the value that one finding is about is written."""

    asked_for_at: Span
    namespace: str
    span: Span | None


def at_written_values(
    findings: Iterable[Diagnostic], sources: Sources, registry: Registry, schemas: Schemas | None = None
) -> Iterator[Diagnostic]:
    """Yield the findings; errors that point at what asked for an object, at the written value instead.

    Those about hand-written and patched values have their place already. Of many errors, the first are looked up. Those
    that say the same of other objects in the environment get the same place if all of the first have it. `schemas` are
    those of the documents, by kind (default: they are made, which takes longer than all else).
    """
    documents = {document.file for document in documents_of(sources)}
    known: dict[tuple[str, str], list[_Located]] = {}
    resolved = cache(partial(_resolved, sources, registry))
    left = MOST
    for finding in sorted(findings, key=Diagnostic.sort_key):
        place, asked_for_at = path_in(finding.message), finding.span
        site, _, subject = finding.subject.partition(ENVIRONMENT_END)
        identity = parse_object_id(subject)
        is_known = finding.severity == "error" and place and environment_of(site) in sources.environments
        if not (is_known and identity and asked_for_at and asked_for_at.file in documents):
            yield finding
            continue
        alike = known.setdefault((site, finding.message), [])
        if left and len(alike) < ALIKE:
            left -= 1
            span = written_place(sources, registry, site, identity, finding.message, schemas, resolved(site))
            alike.append(_Located(asked_for_at, identity.namespace, span))
        else:
            span = _same_place(alike, asked_for_at, identity.namespace)
        yield _moved(finding, asked_for_at, span) if span else finding


def _resolved(sources: Sources, registry: Registry, site: str) -> Valid | None:
    """Return a site as the documents have it; None if it cannot be resolved."""
    try:
        return Valid(sources, registry, site)
    except (StageFailed, ValueError):
        return None


def _same_place(alike: Sequence[_Located], asked_for_at: Span, namespace: str) -> Span | None:
    """Return the place that all have; None if they differ.

    What another document asked for has it if the value is in a third one, such as that of its domain.
    """
    same = [cause for cause in alike if cause.asked_for_at == asked_for_at]
    asking = {cause.asked_for_at.file for cause in alike}
    if not same and all(
        cause.namespace == namespace and cause.span and cause.span.file not in asking for cause in alike
    ):
        same = [*alike]
    spans = {cause.span for cause in same}
    return next(iter(spans)) if len(spans) == 1 else None


def _moved(finding: Diagnostic, asked_for_at: Span, span: Span) -> Diagnostic:
    """Return the finding at another place; what asked for the object is named, unless it is on the same line."""
    same_line = (asked_for_at.file, asked_for_at.line) == (span.file, span.line)
    rendered_for = () if same_line else (Related(asked_for_at, "rendered for this"),)
    return replace(finding, span=span, related=(*rendered_for, *finding.related))
