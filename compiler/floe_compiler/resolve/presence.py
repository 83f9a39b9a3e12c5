"""Which domains and data products an environment has, and which of them read what it does not have."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from floe_compiler.model.data_access import ServedProduct
from floe_compiler.model.diagnostics import Findings, Related
from floe_compiler.model.document import Document
from floe_compiler.model.sources import Sources
from floe_compiler.resolve import scopes
from floe_compiler.resolve.product_overrides import Overrides
from floe_compiler.resolve.products import Key, References
from floe_compiler.resolve.rules import DISABLED_INPUT, UNKNOWN_REFERENCE


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
    references: Mapping[Key, References], present: Collection[str], overrides: Overrides
) -> tuple[ServedProduct, ...]:
    """Return the data products of an environment as the shared services know them, sorted.

    Args:
        references: What the products read.
        present: The domains that the environment has.
        overrides: What it says of products.
    """
    return tuple(
        product.served(domain, name)
        for (domain, name), product in sorted(references.items())
        if domain in present and overrides.is_enabled(domain, name, product.document)
    )


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
