"""All input files as read: what `resolve` starts from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from floe_compiler.model.document import Document


@dataclass(frozen=True, slots=True)
class DomainSource:
    """One folder of `domains/`."""

    document: Document
    products: Mapping[str, Document] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sources:
    """The documents of a repository, by the name of their folder or file."""

    manifest: Document
    environments: Mapping[str, Document]
    domains: Mapping[str, DomainSource]
