"""The documents that an object may follow from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from floe_compiler.model.document import Document
from floe_compiler.model.inputs import DataProduct, Domain, Environment, Input, PlatformManifest, ProductImages
from floe_compiler.model.sources import DomainSource, Sources

MODELS: Mapping[str, tuple[str, type[Input]]] = {
    "DataProduct": ("product", DataProduct),
    "Domain": ("domain", Domain),
    "Environment": ("environment", Environment),
    "PlatformManifest": ("platform", PlatformManifest),
    "ProductImages": ("images", ProductImages),
}
"""By the `kind` of a document: its name in messages, and its model. Those of other programs have none."""


def of_platform(sources: Sources, environment: str) -> tuple[Document, ...]:
    """Return the documents of the platform in an environment."""
    images = (sources.images[environment],) if environment in sources.images else ()
    return *sources.manifests, sources.environments[environment], *images


def of_domain(sources: Sources, name: str) -> tuple[Document, ...]:
    """Return the documents of a domain; none if there is no such domain."""
    domain = sources.domains.get(name)
    return domain.documents() if domain else ()


def document_of(sources: Sources, file: str) -> Document:
    """Return the document of a file; raise StopIteration if there is none."""
    return next(document for document in documents_of(sources) if document.file == file)


def with_document(sources: Sources, document: Document) -> Sources:
    """Return the sources with a changed document in place of its file's."""
    if document.file == sources.manifest.file:
        return replace(sources, manifest=document)
    parents = tuple(document if other.file == document.file else other for other in sources.parents)
    environments, images = (
        {name: document if other.file == document.file else other for name, other in documents.items()}
        for documents in (sources.environments, sources.images)
    )
    domains = {
        name: DomainSource(
            document if domain.document.file == document.file else domain.document,
            *(
                {key: document if other.file == document.file else other for key, other in documents.items()}
                for documents in (domain.products, domain.models)
            ),
        )
        for name, domain in sources.domains.items()
    }
    return replace(sources, parents=parents, environments=environments, images=images, domains=domains)


def documents_of(sources: Sources) -> Iterator[Document]:
    """Yield all documents."""
    yield from sources.manifests
    yield from sources.environments.values()
    yield from sources.images.values()
    for name in sources.domains:
        yield from of_domain(sources, name)
