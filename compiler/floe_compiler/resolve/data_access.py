"""Who may read the outputs of a domain, and which products the domain has approved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from floe_compiler.model.diagnostics import Findings, Related, did_you_mean
from floe_compiler.model.document import DataPath
from floe_compiler.model.fields import check_reader
from floe_compiler.model.inputs import Domain, DomainPolicy
from floe_compiler.model.sources import DomainSource, Sources
from floe_compiler.resolve.layers import Merged
from floe_compiler.resolve.products import Key, References
from floe_compiler.resolve.rules import NO_APPROVAL, NOT_A_READER, NOT_APPROVED, UNKNOWN_REFERENCE

APPROVED = "approved_products"


def check_readers(sources: Sources, references: Mapping[Key, References], findings: Findings) -> None:
    """Report readers that do not exist, and inputs that their owner does not let the product read.

    Args:
        sources: All documents.
        references: What the products read.
        findings: The errors are added here.
    """
    allowed = {key: dict(_readers(product, sources, findings)) for key, product in references.items()}
    for key, product in references.items():
        for index, (source, output) in enumerate(product.inputs):
            listed = allowed.get(source, {}).get(output)
            if listed is None or source[0] == key[0] or {key[0], "/".join(key)} & set(listed[1]):
                continue
            findings.add(
                NOT_A_READER,
                f'"{"/".join(key)}" may not read the output "{output}" of "{"/".join(source)}"',
                product.document.span(("inputs", index)),
                hint=f'ask the domain {source[0]} to add "{"/".join(key)}" to the readers of the output, or remove '
                "this input",
                related=[Related(references[source].document.span(listed[0]), "who may read it")],
            )


def _readers(
    product: References, sources: Sources, findings: Findings
) -> Iterator[tuple[str, tuple[DataPath, tuple[str, ...]]]]:
    """Yield each output of a product that has a list of readers, with the path of the list, and the readers.

    Lists with a mistake are left out, as the mistake may be why a reader is not in it. Unknown readers are reported.
    """
    for index, output in enumerate(product.document.data.get("outputs") or ()):
        path: DataPath = ("outputs", index, "readers")
        readers = output.get("readers")
        if isinstance(readers, list | tuple) and all(map(_is_reader, readers)):
            unknown = [
                _is_unknown(reader, product, (*path, at), sources, findings) for at, reader in enumerate(readers)
            ]
            if not any(unknown):
                yield str(output["name"]), (path, tuple(readers))


def _is_reader(value: object) -> bool:
    try:
        return isinstance(value, str) and bool(check_reader(value))
    except ValueError:
        return False  # an error of the document


def _is_unknown(reader: str, product: References, path: DataPath, sources: Sources, findings: Findings) -> bool:
    """Return whether there is no such reader, and report it then."""
    domain, _, name = reader.partition("/")
    if domain in sources.omitted_domains or sources.unlimited:
        return False  # nothing is known of it, and domains that read nothing are left out to explain a value
    if domain not in sources.domains:
        message, hint = f'there is no domain "{domain}"', did_you_mean(domain, sources.domains)
    elif name and name not in sources.domains[domain].products:
        message = f'domain "{domain}" has no product "{name}"'
        hint = did_you_mean(name, sources.domains[domain].products)
    else:
        return False
    findings.add(UNKNOWN_REFERENCE, message, product.document.span(path), hint=hint)
    return True


def check_approved(
    policy: DomainPolicy, domain: Domain, merged: Merged, source: DomainSource, findings: Findings
) -> None:
    """Report products that their domain has not approved, and a domain that approves none though it must.

    Args:
        policy: Whether domains must.
        domain: The domain, as an environment has it.
        merged: The layers that it comes from.
        source: Its documents.
        findings: The errors are added here.
    """
    name, approved = domain.metadata.name, domain.approved_products
    if approved is None:
        if policy.approval == "required" and source.products:
            listed = ", ".join(sorted(source.products))
            findings.add(
                NO_APPROVAL,
                f'domain "{name}" has products, but does not say which of them it has approved',
                merged.span(("metadata", "name")),
                hint=f"write {APPROVED}: [{listed}]",
            )
        return
    for product, document in sorted(source.products.items()):
        if product not in approved:
            span = merged.span((APPROVED,))
            findings.add(
                NOT_APPROVED,
                f'product "{product}" is not among the approved products of domain "{name}"',
                document.span(("metadata", "name")),
                hint=f"let the owner of the domain add it to {APPROVED}, or delete this file",
                related=[Related(span, "the approved products")] if span else [],
            )
