"""Data products: their documents, and the references between them."""

from __future__ import annotations

from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter

from floe_compiler.model import fields
from floe_compiler.model.diagnostics import Findings, Related, did_you_mean
from floe_compiler.model.document import DataPath, Document
from floe_compiler.model.inputs import DataProduct, ProductInput
from floe_compiler.model.plan import Product
from floe_compiler.model.sources import Sources
from floe_compiler.resolve.layers import Layer, merge
from floe_compiler.resolve.rules import CYCLE, DUPLICATE_NAME, UNKNOWN_REFERENCE, WRONG_NAME
from floe_compiler.resolve.validation import validate

Key = tuple[str, str]
"""A product's domain and name."""


def products_of(sources: Sources, findings: Findings) -> Mapping[Key, Product]:
    """Return every valid product of the mesh; complain of the others, and of references that lead nowhere."""
    found: dict[Key, Product] = {}
    documents: dict[Key, Document] = {}
    for domain, source in sources.domains.items():
        for name, document in source.products.items():
            documents[domain, name] = document
            spec = validate(DataProduct, merge([Layer(document.file, document.data, document)]), (), findings)
            if spec is not None:
                found[domain, name] = Product(name, domain, spec, document.span(("metadata", "name")))
                _check_names(name, spec, document, findings)
    for product in found.values():
        _check_inputs(product, found, documents, sources, findings)
    _check_cycles(found, documents, findings)
    return found


def _check_names(name: str, spec: DataProduct, document: Document, findings: Findings) -> None:
    if spec.metadata.name != name:
        check_name(name, document, findings)
    for field, names in (("steps", [one.name for one in spec.steps]), ("outputs", [one.name for one in spec.outputs])):
        first: dict[str, int] = {}
        for index, one in enumerate(names):
            if one in first:
                findings.add(
                    DUPLICATE_NAME,
                    f'{field} has two entries named "{one}"',
                    document.span((field, index, "name")),
                    related=[Related(document.span((field, first[one], "name")), "the first")],
                    hint="give each its own name",
                )
            first.setdefault(one, index)


def check_name(name: str, document: Document, findings: Findings) -> None:
    """Complain unless the document is called what its place says."""
    metadata = document.data.get("metadata")
    actual = metadata.get("name") if isinstance(metadata, Mapping) else None
    if not isinstance(actual, str):
        return
    path: DataPath = ("metadata", "name")
    if not _is_name(name):
        message = f'"{name}", in the path {document.file}, can be no name'
        better = f'"{actual}"' if _is_name(actual) else "lower-case letters, digits and hyphens"
        findings.add(WRONG_NAME, message, document.span(path), hint=f"rename the file or folder to {better}")
    elif actual != name:
        findings.add(
            WRONG_NAME,
            f'metadata.name is "{actual}", but {document.file} must hold "{name}"',
            document.span(path),
            hint=f'write "{name}", or rename the file or folder',
        )


def _is_name(text: str) -> bool:
    """Tell whether a document may be called so."""
    try:
        fields.check_name(text)
    except ValueError:
        return False
    return True


def source_of(product: Product, declared: ProductInput) -> Key:
    """Return the product that an input refers to."""
    return (declared.domain or product.domain, declared.product)


def _check_inputs(
    product: Product,
    known: Mapping[Key, Product],
    documents: Mapping[Key, Document],
    sources: Sources,
    findings: Findings,
) -> None:
    document = documents[product.domain, product.name]
    for index, declared in enumerate(product.spec.inputs):
        domain, name = source_of(product, declared)
        at: DataPath = ("inputs", index)
        if domain not in sources.domains:
            _unknown(
                f'there is no domain "{domain}"', document, (*at, "domain"), domain, list(sources.domains), findings
            )
        elif name not in sources.domains[domain].products:
            names = list(sources.domains[domain].products)
            _unknown(f'domain "{domain}" has no product "{name}"', document, (*at, "product"), name, names, findings)
        elif (domain, name) in known:
            outputs = [one.name for one in known[domain, name].spec.outputs]
            if declared.output not in outputs:
                message = f'product "{domain}/{name}" has no output "{declared.output}"'
                _unknown(message, document, (*at, "output"), declared.output, outputs, findings)


def _unknown(message: str, document: Document, path: DataPath, word: str, known: list[str], findings: Findings) -> None:
    findings.add(UNKNOWN_REFERENCE, message, document.span(path), hint=did_you_mean(word, known))


def _edges(known: Mapping[Key, Product]) -> Mapping[Key, list[Key]]:
    return {
        key: [source_of(product, one) for one in product.spec.inputs if source_of(product, one) in known]
        for key, product in known.items()
    }


def _check_cycles(known: Mapping[Key, Product], documents: Mapping[Key, Document], findings: Findings) -> None:
    """Complain of each circle once, at the input of its first product; go on without that input to find the next."""
    edges = dict(_edges(known))
    while circle := _circle(edges):
        spans = [
            documents[key].span(("inputs", _position(known[key], circle[(index + 1) % len(circle)])))
            for index, key in enumerate(circle)
        ]
        path = " -> ".join("/".join(key) for key in (*circle, circle[0]))
        findings.add(
            CYCLE,
            f"products read one another in a circle: {path}",
            spans[0],
            hint="remove one of these inputs",
            related=[Related(span, "and here") for span in spans[1:]],
        )
        edges[circle[0]] = [key for key in edges[circle[0]] if key != circle[1 % len(circle)]]


def _circle(edges: Mapping[Key, list[Key]]) -> list[Key]:
    """Return products that read one another in a circle, from the alphabetically first on; empty if none do."""
    try:
        TopologicalSorter(edges).prepare()
    except CycleError as error:
        # graphlib lists each node before the one that depends on it; people follow who reads whom.
        circle: list[Key] = list(reversed(error.args[1]))[:-1]
        start = circle.index(min(circle))
        return circle[start:] + circle[:start]
    return []


def _position(product: Product, following: Key) -> int:
    return next(n for n, one in enumerate(product.spec.inputs) if source_of(product, one) == following)
