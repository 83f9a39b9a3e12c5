"""Domains as they were resolved from the documents that nobody has varied: most variations leave most of them alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from floe_compiler.model.diagnostics import Findings
from floe_compiler.model.document import Document
from floe_compiler.resolve.environment import resolve_domain
from floe_compiler.resolve.frame import Frame, Scope
from floe_compiler.resolve.product_overrides import DOMAINS, IMAGES
from floe_compiler.resolve.products import Key, WrittenProduct


class _Followed(msgspec.Struct, frozen=True):
    """What a domain of an environment follows from: the data of documents, as variations leave their places."""

    manifests: tuple[Mapping[str, Any], ...]
    own: tuple[Mapping[str, Any], ...]
    environment: Mapping[str, Any]
    """What the environment says of itself, of the platform, and of all domains."""

    override: Any
    """What it says of this domain."""

    images: Any


class KnownDomains:
    """Resolves domains; the first result of each is kept, and returned again if it follows from the same data."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], tuple[_Followed, Scope]] = {}

    def resolved(
        self, frame: Frame, name: str, valid: Mapping[Key, WrittenProduct], findings: Findings
    ) -> Scope | None:
        """Return a domain of an environment, as `resolve_domain` does. The first time, its documents must be valid."""
        key, followed = (frame.site.name, name), _followed(frame, name)
        known = self._known.get(key)
        if known is not None and known[0] == followed:
            return known[1]
        found = resolve_domain(frame, name, valid, findings)
        if found is not None:
            self._known.setdefault(key, (followed, found))
        return found


def _followed(frame: Frame, name: str) -> _Followed:
    sources, environment = frame.inputs.sources, frame.document.data
    return _Followed(
        _data(sources.manifests),
        _data(sources.domains[name].documents()),
        {key: value for key, value in environment.items() if key != DOMAINS},
        (environment.get(DOMAINS) or {}).get(name),
        ((frame.overrides.images.data if frame.overrides.images else {}).get(IMAGES) or {}).get(name),
    )


def _data(documents: tuple[Document, ...]) -> tuple[Mapping[str, Any], ...]:
    return tuple(document.data for document in documents)
