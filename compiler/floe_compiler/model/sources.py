"""All input files as read: what `resolve` starts from."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from floe_compiler.model.document import Document


class DomainSource(msgspec.Struct, frozen=True):
    """One folder of `domains/`."""

    document: Document
    products: Mapping[str, Document] = msgspec.field(default_factory=dict)
    models: Mapping[str, Document] = msgspec.field(default_factory=dict)
    """The models of its semantic layer."""

    def documents(self) -> tuple[Document, ...]:
        """Return all of its documents: its own, and then by kind and name."""
        return (self.document, *(of_kind[name] for of_kind in (self.products, self.models) for name in sorted(of_kind)))


class Sources(msgspec.Struct, frozen=True):
    """The documents of a repository, by the name of their folder or file."""

    manifest: Document
    environments: Mapping[str, Document]
    domains: Mapping[str, DomainSource]
    path: str | None = ""
    """The path of the mesh in its Git repository, empty at the top; None if it is in none."""

    obeyed: Mapping[str, str | None] = msgspec.field(default_factory=dict)
    """The files that tell Git how to treat other files, by path; None if it is not a regular file."""

    images: Mapping[str, Document] = msgspec.field(default_factory=dict)
    """The images of products, by environment, as far as an environment has a file of them."""

    authorities: Mapping[str, str] = msgspec.field(default_factory=dict)
    """The texts of the files with certificates of authorities, by path."""

    omitted_domains: frozenset[str] = frozenset()
    """The names of domains that are left out, as something is wrong with them."""

    omitted_environments: frozenset[str] = frozenset()
    """The names of environments that are left out."""

    unlimited: bool = False
    """Whether domains may set everything, whatever `domain_policy` says: to see what depends on their values."""

    parents: tuple[Document, ...] = ()
    """The manifests that the manifest extends, the topmost first: each extends the one before it."""

    @property
    def manifests(self) -> tuple[Document, ...]:
        """Return all platform manifests, the weakest first: the parents, and the one of this repository."""
        return *self.parents, self.manifest
