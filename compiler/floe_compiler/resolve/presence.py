"""Which domains and data products an environment has, and which of them read what it does not have."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType

from msgspec.structs import replace

from floe_compiler.model.data_access import SEMANTIC_LAYER, OutputTable, ServedProduct
from floe_compiler.model.diagnostics import Findings, Related
from floe_compiler.model.document import Document
from floe_compiler.model.sources import Sources
from floe_compiler.resolve import scopes
from floe_compiler.resolve.kept_files import FilesByDomain, folders_of, users_of
from floe_compiler.resolve.layers import Merged
from floe_compiler.resolve.product_overrides import Overrides
from floe_compiler.resolve.products import Key, References
from floe_compiler.resolve.rollout import inherited_layers
from floe_compiler.resolve.rules import DISABLED_INPUT, UNKNOWN_REFERENCE
from floe_compiler.resolve.semantic_models import SLOT


def domains_in(sources: Sources, environment: Document, name: str) -> tuple[str, ...]:
    """Return the domains that exist in an environment, sorted."""
    return tuple(
        domain
        for domain, source in sorted(sources.domains.items())
        if scopes.exists_in(scopes.domain_layers(source, environment, domain), name)
    )


def domains_served(sources: Sources, present: Iterable[str], overrides: Overrides) -> tuple[str, ...]:
    """Return those of the domains present that have products, sorted, and those that are left out.

    The others may read from a domain that is left out, so the shared services know it.
    """
    served = {
        name
        for name in present
        if any(overrides.is_enabled(name, *product) for product in sources.domains[name].products.items())
    }
    return tuple(sorted({*served, *sources.omitted_domains}))


def products_served(
    references: Mapping[Key, References],
    present: Collection[str],
    overrides: Overrides,
    with_semantic_layer: Iterable[str] = (),
    files_by_domain: FilesByDomain = MappingProxyType({}),
) -> tuple[ServedProduct, ...]:
    """Return the data products of an environment as the shared services know them, and what else has logins, sorted.

    Args:
        references: What the products read.
        present: The domains that the environment has.
        overrides: What it says of products.
        with_semantic_layer: The domains whose semantic layer reads all tables of their products.
        files_by_domain: What the components of domains keep in the object store.
    """
    enabled = {
        (domain, name): product
        for (domain, name), product in references.items()
        if domain in present and overrides.is_enabled(domain, name, product.document)
    }
    tables: dict[str, list[OutputTable]] = {domain: [] for domain in with_semantic_layer}
    for (domain, name), product in enabled.items():
        if domain in tables:
            tables[domain] += [OutputTable(domain, name, output) for output in product.outputs]
    layers = (ServedProduct(domain, SEMANTIC_LAYER, tuple(sorted(read))) for domain, read in tables.items())
    products = (
        replace(product.served(key, overrides), folders=folders_of(files_by_domain, *key))
        for key, product in enabled.items()
    )
    return tuple(sorted((*products, *layers, *users_of(files_by_domain))))


def semantic_layers(
    platform: Merged, sources: Sources, present: Iterable[str], environment: Document
) -> tuple[str, ...]:
    """Return the domains that have a semantic layer: their own, or that of the platform's settings for all."""
    return tuple(name for name in present if _own(platform, sources, environment, name))


def _own(platform: Merged, sources: Sources, environment: Document, name: str) -> bool:
    """Return whether the strongest of the layers that say anything of a semantic layer says that there is one."""
    overrides = scopes.platform_layers(sources, environment)[-1:]
    above = inherited_layers(overrides, sources, environment, name)
    layers = (*above, *scopes.domain_layers(sources.domains[name], environment, name))
    values = [layer.data[SLOT] for layer in layers if SLOT in layer.data]
    return bool(values[-1] if values else platform.data.get(SLOT))


def check_read(
    sources: Sources,
    references: Mapping[Key, References],
    present: Collection[str],
    overrides: Overrides,
    environment: str,
    findings: Findings,
) -> None:
    """Report products that read a product of a domain that the environment does not have, or one that is disabled.

    Args:
        sources: All documents.
        references: What the products read.
        present: The domains that the environment has.
        overrides: What it says of products.
        environment: Its name.
        findings: The errors are added here.
    """
    domains = sources.domains
    for (reader, own), product in references.items():
        if reader not in present or not overrides.is_enabled(reader, own, product.document):
            continue
        for index, ((domain, name), _) in enumerate(product.inputs):
            read = domains[domain].products.get(name) if domain in domains else None
            if domain in domains and domain not in present:
                findings.add(
                    UNKNOWN_REFERENCE,
                    f'environment "{environment}" has no domain "{domain}", whose product "{name}" is read',
                    product.document.span(("inputs", index)),
                    hint=f"add {environment} to the domain's `environments`",
                    related=[Related(domains[domain].document.span(("environments",)), "where it exists")],
                )
            elif read is not None and not overrides.is_enabled(domain, name, read):
                findings.add(
                    DISABLED_INPUT,
                    f'product "{domain}/{name}" is disabled in environment "{environment}", but "{reader}/{own}" '
                    "reads it",
                    product.document.span(("inputs", index)),
                    hint=f'enable it, or disable "{reader}/{own}" there, too',
                    related=[Related(overrides.disabled_at(domain, name, read), "disabled here")],
                )
