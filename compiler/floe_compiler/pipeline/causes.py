"""Errors about rendered objects point at the written value that they follow from, where it is quick to find."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from floe_compiler.explain.documents import documents_of
from floe_compiler.explain.question import Schemas
from floe_compiler.explain.written_places import written_place
from floe_compiler.model.diagnostics import ENVIRONMENT_END, Diagnostic, Related
from floe_compiler.model.objects import parse_object_id
from floe_compiler.model.sites import environment_of
from floe_compiler.model.sources import Sources
from floe_compiler.model.span import Span
from floe_compiler.model.value_spans import path_in
from floe_compiler.resolve.slots import Registry

MOST = 12
"""How many values are looked up: each takes as long as rendering its object several times."""

ALIKE = 2
"""Of how many findings that say the same in an environment the values are looked up."""


class _Known(NamedTuple):
    """Where the value that one finding is about is written."""

    asked_at: Span
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
    known: dict[tuple[str, str], list[_Known]] = {}
    left = MOST
    for finding in sorted(findings, key=Diagnostic.sort_key):
        place, asked_at = path_in(finding.message), finding.span
        site, _, subject = finding.subject.partition(ENVIRONMENT_END)
        identity = parse_object_id(subject)
        is_known = finding.severity == "error" and place and environment_of(site) in sources.environments
        if not (is_known and identity and asked_at and asked_at.file in documents):
            yield finding
            continue
        alike = known.setdefault((site, finding.message), [])
        if left and len(alike) < ALIKE:
            left -= 1
            span = written_place(sources, registry, site, identity, finding.message, schemas)
            alike.append(_Known(asked_at, identity.namespace, span))
        else:
            span = _same_place(alike, asked_at, identity.namespace)
        yield _moved(finding, asked_at, span) if span else finding


def _same_place(alike: Sequence[_Known], asked_at: Span, namespace: str) -> Span | None:
    """Return the place that all have; None if they differ.

    What another document asked for has it if the value is in a third one, such as that of its domain.
    """
    same = [known for known in alike if known.asked_at == asked_at]
    asking = {known.asked_at.file for known in alike}
    if not same and all(
        known.namespace == namespace and known.span and known.span.file not in asking for known in alike
    ):
        same = [*alike]
    spans = {known.span for known in same}
    return next(iter(spans)) if len(spans) == 1 else None


def _moved(finding: Diagnostic, asked_at: Span, span: Span) -> Diagnostic:
    """Return the finding at another place; what asked for the object is named, unless it is on the same line."""
    same_line = (asked_at.file, asked_at.line) == (span.file, span.line)
    asked = () if same_line else (Related(asked_at, "rendered for this"),)
    return replace(finding, span=span, related=(*asked, *finding.related))
