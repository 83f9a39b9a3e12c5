"""Errors about rendered objects point at the written value that they follow from, where that is soon told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from floe_compiler.explain.documents import documents_of
from floe_compiler.explain.written_places import written_place
from floe_compiler.model.diagnostics import ENVIRONMENT_END, Diagnostic, Related
from floe_compiler.model.objects import parse_object_id
from floe_compiler.model.sites import environment_of
from floe_compiler.model.sources import Sources
from floe_compiler.model.span import Span
from floe_compiler.model.value_spans import path_in
from floe_compiler.resolve.slots import Registry

MOST = 3
"""How many values are looked up: each takes as long as rendering its object several times."""


def at_written_values(findings: Iterable[Diagnostic], sources: Sources, registry: Registry) -> Iterator[Diagnostic]:
    """Yield the findings; errors that point at what asked for an object, at the written value instead.

    Those about hand-written and patched values have their place already. Of many errors, the first are looked up; those
    that say the same of other objects in the environment get the same place, if all of the first have it.
    """
    documents = {document.file for document in documents_of(sources)}
    places: dict[tuple[str, str, Span], set[Span | None]] = {}
    left = MOST
    for found in sorted(findings, key=Diagnostic.sort_key):
        place, asked_at = path_in(found.message), found.span
        site, _, subject = found.subject.partition(ENVIRONMENT_END)
        identity = parse_object_id(subject)
        is_known = found.severity == "error" and place and environment_of(site) in sources.environments
        if not (is_known and identity and asked_at and asked_at.file in documents):
            yield found
            continue
        alike = places.setdefault((site, found.message, asked_at), set())
        if left:
            left -= 1
            span = written_place(sources, registry, site, identity, place)
            alike.add(span)
        else:
            span = next(iter(alike)) if len(alike) == 1 else None
        yield _moved(found, asked_at, span) if span else found


def _moved(found: Diagnostic, asked_at: Span, span: Span) -> Diagnostic:
    """Return the finding at another place; what asked for the object is named, unless it is on the same line."""
    same_line = (asked_at.file, asked_at.line) == (span.file, span.line)
    asked = () if same_line else (Related(asked_at, "rendered for this"),)
    return replace(found, span=span, related=(*asked, *found.related))
