"""Data products: their documents, and the references between them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any

import msgspec

from floe_compiler.model import fields
from floe_compiler.model.capabilities import Cache, SemanticLayer
from floe_compiler.model.data_access import OutputTable, ServedProduct
from floe_compiler.model.diagnostics import Findings, Related, did_you_mean
from floe_compiler.model.document import DataPath, Document
from floe_compiler.model.inputs import DataProduct
from floe_compiler.model.plan import Product
from floe_compiler.model.sources import DomainSource, Sources
from floe_compiler.model.span import Span
from floe_compiler.resolve.known_parts import KnownParts
from floe_compiler.resolve.layers import Layer, Merged, merge
from floe_compiler.resolve.product_overrides import Overrides, merged_product
from floe_compiler.resolve.rules import CYCLE, DUPLICATE_NAME, UNKNOWN_REFERENCE, WRONG_NAME
from floe_compiler.resolve.validation import validate

Key = tuple[str, str]
"""A product's domain and name."""


class WrittenProduct(msgspec.Struct, frozen=True):
    """A valid product of an environment, with the layers that it comes from; `document` is its own file."""

    product: Product
    merged: Merged
    document: Document

    def own_span(self, path: DataPath) -> Span | None:
        """Return where the value at `path` is written in the product's own file; None if an environment sets it."""
        span = self.merged.span(path)
        return span if span and span.file == self.document.file else None


class References(msgspec.Struct, frozen=True):
    """The names in a product's document: its own, and those of the products it reads."""

    document: Document
    steps: tuple[str, ...]
    outputs: tuple[str, ...]
    inputs: tuple[tuple[Key, str], ...]
    """The products that it reads, each with the output."""

    writes_files: bool = False
    """Whether a step of it reaches files of the object store itself."""

    def served(self, key: Key, overrides: Overrides) -> ServedProduct:
        """Return the product as the shared services know it, with what an environment says of its steps."""
        reads = {OutputTable(*product, output) for product, output in self.inputs}
        layers = overrides.layers(*key)
        writes = writes_files(merged_product(self.document, layers).data["steps"]) if layers else self.writes_files
        return ServedProduct(*key, tuple(sorted(reads)), writes)


def domain_products(domain: str, source: DomainSource, findings: Findings) -> Mapping[Key, WrittenProduct]:
    """Return the products of a domain whose own files are valid; report the others."""
    by_key: dict[Key, WrittenProduct] = {}
    for name, document in source.products.items():
        merged = merge([Layer(document.file, document.data, document)])
        written = _written((domain, name), document, merged, findings)
        if written is not None:
            by_key[domain, name] = written
    return by_key


def known_products(
    domain: str, source: DomainSource, known_parts: KnownParts, findings: Findings
) -> Mapping[Key, WrittenProduct]:
    """Return the same as `domain_products`, perhaps of an earlier resolution."""
    return known_parts.get(
        ("products", domain),
        lambda: [document.data for document in source.products.values()],
        lambda: domain_products(domain, source, findings),
    )


def products_in(
    overrides: Overrides, domain: str, source: DomainSource, valid: Mapping[Key, WrittenProduct], findings: Findings
) -> tuple[WrittenProduct, ...]:
    """Return the products of a domain that an environment has, with what it says of them, sorted by name.

    Args:
        overrides: What the environment says of products.
        domain: The domain's name.
        source: Its documents.
        valid: Its products whose own files are valid.
        findings: The errors in what the environment says are added here.
    """
    products: list[WrittenProduct] = []
    for name, document in sorted(source.products.items()):
        own = valid.get((domain, name))
        layers = overrides.layers(domain, name)
        if own is not None and layers:
            own = _written((domain, name), document, merged_product(document, layers), findings)
        if own is not None and own.product.spec.enabled:
            products.append(own)
    return tuple(products)


def _written(key: Key, document: Document, merged: Merged, findings: Findings) -> WrittenProduct | None:
    """Return a product; None, with the findings added, if it is invalid."""
    spec = validate(DataProduct, merged, (), findings)
    if spec is None:
        return None
    domain, name = key
    origin, secrets = document.span(("metadata", "name")), tuple(_secrets(spec, merged))
    image, servers = merged.span(("image",)), tuple(_server_places(merged))
    product = Product(name, domain, spec, origin, image, secrets, servers, merged.key_span(("trigger",)))
    return WrittenProduct(product, merged, document)


def _server_places(merged: Merged) -> Iterator[tuple[str, Span]]:
    """Yield each server of the domain that a product says something of, with the location."""
    for slot in (Cache.slot, SemanticLayer.slot):
        if span := merged.span((slot,)):
            yield slot, span


def _secrets(product: DataProduct, merged: Merged) -> Iterator[tuple[str, Span]]:
    """Yield each secret that a step names, with the location."""
    for index, step in enumerate(product.steps):
        for variable, use in step.secrets.items():
            span = merged.span(("steps", index, "secrets", variable, "secret"))
            if span:
                yield use.secret, span
        for number, volume in enumerate(step.volumes):
            span = merged.span(("steps", index, "volumes", number, "secret"))
            if volume.secret and span:
                yield volume.secret, span


def check_references(sources: Sources, findings: Findings) -> Mapping[Key, References]:
    """Return the references between products; report unknown ones, cycles, and duplicate names."""
    references = {
        (domain, name): of_product
        for domain, source in sources.domains.items()
        for name, document in source.products.items()
        if (of_product := _references(domain, document)) is not None
    }
    for source in sources.domains.values():
        for name, document in source.products.items():
            check_name(name, document, findings)
    for product in references.values():
        _check_names(product, findings)
        _check_inputs(product, references, sources, findings)
    _check_cycles(references, findings)
    return references


def writes_files(steps: Iterable[Mapping[str, Any]]) -> bool:
    """Return whether any of these steps, as they are written, reaches files of the object store itself."""
    return any(step.get("type") == "dlt" or step.get("writes_files") is True for step in steps)


def _references(domain: str, document: Document) -> References | None:
    """Return the names in a product's document; None if it is malformed."""
    try:
        return References(
            document,
            tuple(str(step["name"]) for step in document.data["steps"]),
            tuple(str(output["name"]) for output in document.data.get("outputs") or ()),
            tuple(
                ((str(input_.get("domain") or domain), str(input_["product"])), str(input_["output"]))
                for input_ in document.data.get("inputs") or ()
            ),
            writes_files(document.data["steps"]),
        )
    except (AttributeError, KeyError, TypeError):
        return None


def _check_names(product: References, findings: Findings) -> None:
    for field, names in (("steps", product.steps), ("outputs", product.outputs)):
        first: dict[str, int] = {}
        for index, name in enumerate(names):
            if name in first:
                findings.add(
                    DUPLICATE_NAME,
                    f'{field} has two entries named "{name}"',
                    product.document.span((field, index, "name")),
                    related=[Related(product.document.span((field, first[name], "name")), "the first")],
                    hint="give each its own name",
                )
            first.setdefault(name, index)


def check_name(name: str, document: Document, findings: Findings) -> None:
    """Report a document whose name differs from its file or folder."""
    metadata = document.data.get("metadata")
    actual = metadata.get("name") if isinstance(metadata, Mapping) else None
    if not isinstance(actual, str):
        return
    path: DataPath = ("metadata", "name")
    if actual == name:
        return  # An invalid name is an error of the document.
    if not is_name(name):
        message = f'"{name}", in the path {document.file}, cannot be a name'
        better = f'"{actual}"' if is_name(actual) else "lower-case letters, digits and hyphens"
        findings.add(WRONG_NAME, message, document.span(path), hint=f"rename the file or folder to {better}")
    else:
        findings.add(
            WRONG_NAME,
            f'metadata.name is "{actual}", but {document.file} must hold "{name}"',
            document.span(path),
            hint=f'write "{name}", or rename the file or folder',
        )


def is_name(text: str) -> bool:
    """Return whether a document may have this name."""
    try:
        fields.check_name(text)
    except ValueError:
        return False
    return True


def _check_inputs(
    product: References, references: Mapping[Key, References], sources: Sources, findings: Findings
) -> None:
    for index, ((domain, name), output) in enumerate(product.inputs):
        at: DataPath = ("inputs", index)
        if domain in sources.omitted_domains:
            continue  # nothing is known of it
        if domain not in sources.domains:
            _unknown(f'there is no domain "{domain}"', product, (*at, "domain"), domain, sources.domains, findings)
        elif name not in sources.domains[domain].products:
            names = sources.domains[domain].products
            _unknown(f'domain "{domain}" has no product "{name}"', product, (*at, "product"), name, names, findings)
        elif (domain, name) in references and output not in (outputs := references[domain, name].outputs):
            message = f'product "{domain}/{name}" has no output "{output}"'
            _unknown(message, product, (*at, "output"), output, outputs, findings)


def _unknown(
    message: str, product: References, path: DataPath, word: str, known: Iterable[str], findings: Findings
) -> None:
    if is_name(word):  # An invalid name is an error of the document.
        findings.add(UNKNOWN_REFERENCE, message, product.document.span(path), hint=did_you_mean(word, known))


def _edges(products: Mapping[Key, References]) -> Mapping[Key, list[Key]]:
    return {key: [source for source, _ in product.inputs if source in products] for key, product in products.items()}


def _check_cycles(references: Mapping[Key, References], findings: Findings) -> None:
    """Report each cycle once, at the input of its first product; go on without that input to find the next."""
    edges = dict(_edges(references))
    while circle := _circle(edges):
        spans = [
            references[key].document.span(("inputs", _position(references[key], circle[(index + 1) % len(circle)])))
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
    """Return products that read one another in a cycle, beginning with the alphabetically first; empty if none do."""
    try:
        TopologicalSorter(edges).prepare()
    except CycleError as error:
        # graphlib lists each node before the one that depends on it; people follow who reads whom.
        circle: list[Key] = list(reversed(error.args[1]))[:-1]
        start = circle.index(min(circle))
        return circle[start:] + circle[:start]
    return []


def _position(product: References, following: Key) -> int:
    return next(index for index, (source, _) in enumerate(product.inputs) if source == following)
