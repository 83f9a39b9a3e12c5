"""The fewest documents that still render an object in the same way, without limits on what may be varied."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence

from msgspec.structs import replace

from floe_compiler.model.document import Document
from floe_compiler.model.plan import SHARED
from floe_compiler.model.sources import Sources
from floe_compiler.resolve.presence import domains_in
from floe_compiler.resolve.product_overrides import Overrides
from floe_compiler.resolve.products import Key

SAMPLE = 3
"""The number of domains to render the platform's objects with, as all domains affect them in the same way."""


def without_limits(sources: Sources) -> Sources:
    """Return documents that may override and set everything, as what is locked or limited is varied, too."""
    *parents, manifest = (
        replace(document, data={key: value for key, value in document.data.items() if key != "locks"})
        for document in sources.manifests
    )
    return replace(sources, manifest=manifest, parents=tuple(parents), unlimited=True)


def reduced(sources: Sources, environment: str, scope: str) -> Sources:
    """Return the fewest documents that still render the namespace of `scope` of an environment in the same way."""
    needed = sorted(sources.domains)[:SAMPLE] if scope in SHARED else [scope]
    kept_domains = sorted(_with_read_domains(sources, needed))
    environments = {environment: _for_domains(sources.environments[environment], kept_domains, "domains")}
    images = {
        name: _for_domains(document, kept_domains, "images")
        for name, document in sources.images.items()
        if name == environment
    }
    return replace(
        sources,
        environments=environments,
        images=images,
        domains={name: sources.domains[name] for name in kept_domains},
        omitted_environments=frozenset({*sources.omitted_environments, *sources.environments} - {environment}),
    )


def read_by_others(sources: Sources, environment: str, kept_domains: Container[str]) -> frozenset[Key]:
    """Return the products that domains outside `kept_domains` read: an environment cannot do without them."""
    document = sources.environments[environment]
    overrides = Overrides.of(sources, document, environment)
    return frozenset(
        (str(entry.get("domain", domain)), str(entry["product"]))
        for domain in domains_in(sources, document, environment)
        if domain not in kept_domains
        for name, product in sources.domains[domain].products.items()
        if overrides.is_enabled(domain, name, product)
        for entry in product.data.get("inputs") or ()
    )


def _with_read_domains(sources: Sources, domains: Iterable[str]) -> set[str]:
    """Return domains and those whose products they read, transitively."""
    kept_domains: set[str] = set()
    waiting = [*domains]
    while waiting:
        name = waiting.pop()
        if name in sources.domains and name not in kept_domains:
            kept_domains.add(name)
            documents = sources.domains[name].products.values()
            inputs = [entry for document in documents for entry in document.data.get("inputs") or ()]
            waiting += [str(entry["domain"]) for entry in inputs if "domain" in entry]
    return kept_domains


def _for_domains(document: Document, kept_domains: Sequence[str], key: str) -> Document:
    """Return a document of an environment without what it says, below a key, of other domains."""
    overrides = document.data.get(key)
    if not overrides:
        return document
    fewer = {name: override for name, override in overrides.items() if name in kept_domains}
    return replace(document, data={**document.data, key: fewer})
