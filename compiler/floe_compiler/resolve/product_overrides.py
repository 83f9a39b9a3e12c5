"""What an environment says of data products: under `domains` in its environment.yaml, and in its images.yaml.

product's file < environment.yaml: domains.<domain>.products.<product> (or, for the image, images.yaml)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from floe_compiler.model.diagnostics import Findings, Related, did_you_mean
from floe_compiler.model.document import DataPath, Document
from floe_compiler.model.inputs import Metadata
from floe_compiler.model.nested_fields import at, mapping
from floe_compiler.model.sources import Sources
from floe_compiler.model.span import Span
from floe_compiler.resolve.layers import Layer, Merged, merge
from floe_compiler.resolve.locks import Locks, check_locks
from floe_compiler.resolve.rules import IMAGE_OF_TWO, UNKNOWN_REFERENCE
from floe_compiler.resolve.scopes import PRODUCTS
from floe_compiler.resolve.validation import validate

DOMAINS, IMAGES, IMAGE, STEPS, ENABLED = "domains", "images", "image", "steps", "enabled"


class Overrides(msgspec.Struct, frozen=True):
    """The documents of one environment that say something of its data products."""

    environment: Document
    images: Document | None = None

    @staticmethod
    def of(sources: Sources, environment: Document, name: str) -> Overrides:
        """Return the documents of an environment."""
        return Overrides(environment, sources.images.get(name))

    def layers(self, domain: str, product: str) -> tuple[Layer, ...]:
        """Return what they say of a product, the weakest first; steps are by name, as they are written."""
        prefix: DataPath = (DOMAINS, domain, PRODUCTS, product)
        override = at(self.environment.data, prefix)
        layers = [Layer(self.environment.file, override, self.environment, prefix)] if override else []
        image = at(self.images.data, (IMAGES, domain, product)) if self.images else None
        if self.images and image is not None:
            moved: Mapping[DataPath, DataPath] = {(IMAGE,): ()}
            layers.append(Layer(self.images.file, {IMAGE: image}, self.images, (IMAGES, domain, product), moved))
        return tuple(layers)

    def is_enabled(self, domain: str, product: str, document: Document) -> bool:
        """Return whether the environment has a product of a domain that it has."""
        override = mapping(self.environment.data, (DOMAINS, domain, PRODUCTS, product))
        return override.get(ENABLED, document.data.get(ENABLED)) is not False

    def disabled_at(self, domain: str, product: str, document: Document) -> Span:
        """Return where a product is disabled."""
        layers = [layer for layer in self.with_own(domain, product, document) if ENABLED in layer.data]
        return (layers[-1].span((ENABLED,)) if layers else None) or document.span(())

    def with_own(self, domain: str, product: str, document: Document) -> tuple[Layer, ...]:
        """Return all layers of a product: its own file, and what the environment says of it."""
        return (Layer(document.file, document.data, document), *self.layers(domain, product))


def merged_product(document: Document, overrides: Iterable[Layer]) -> Merged:
    """Return a product as an environment has it. Steps that it does not have are left out.

    Args:
        document: The valid document of the product.
        overrides: What the environment says of it.
    """
    data = document.data
    names = tuple(step["name"] for step in data[STEPS])
    own = Layer(document.file, {**data, STEPS: dict(enumerate(data[STEPS]))}, document)
    merged = merge([own, *(_numbered(layer, names) for layer in overrides)])
    steps = merged.data[STEPS]
    return replace(merged, data={**merged.data, STEPS: [steps[index] for index in range(len(names))]})


def _numbered(layer: Layer, names: tuple[str, ...]) -> Layer:
    """Return a layer with its steps by their index in the product."""
    if STEPS not in layer.data:
        return layer
    by_name: Mapping[str, Any] = layer.data[STEPS]
    steps = {index: by_name[name] for index, name in enumerate(names) if name in by_name}
    moved: dict[DataPath, DataPath] = {(STEPS, index): (STEPS, names[index]) for index in steps}
    rest = {key: value for key, value in layer.data.items() if key != STEPS}
    return replace(layer, data={**rest, STEPS: steps} if steps else rest, moved={**layer.moved, **moved})


def check_overrides(sources: Sources, overrides: Overrides, locks: Locks, findings: Findings) -> None:
    """Report what the documents of an environment say of products and steps that do not exist, or must not say.

    Args:
        sources: All documents.
        overrides: Those of the environment.
        locks: The locked paths.
        findings: The errors are added here.
    """
    images = overrides.images
    if images is not None:
        validate(Metadata, merge([Layer(images.file, images.data, images)]), ("metadata",), findings)
    for document, domain, path in _domains(overrides):
        if domain in sources.omitted_domains:
            continue  # nothing is known of it
        if domain not in sources.domains:
            if document is images:  # the other document is checked together with what else it says of the domain
                _unknown(f'there is no domain "{domain}"', document, path, sources.domains, findings)
            continue
        products = sources.domains[domain].products
        for product in at(document.data, path) or {}:
            if product not in products:
                message = f'domain "{domain}" has no product "{product}"'
                _unknown(message, document, (*path, product), products, findings)
    for domain, product in _named(overrides):
        source = sources.domains[domain].products.get(product) if domain in sources.domains else None
        layers = overrides.layers(domain, product)
        _check_image(layers, f"{domain}/{product}", findings)
        if source is not None:
            _check_steps(source, layers, f"{domain}/{product}", findings)
        check_locks({}, locks, map(_as_locked, layers), findings)


def _domains(overrides: Overrides) -> Iterator[tuple[Document, str, DataPath]]:
    """Yield each domain of which a document says something, with the path of what it says of products."""
    for domain in at(overrides.environment.data, (DOMAINS,)) or {}:
        yield overrides.environment, domain, (DOMAINS, domain, PRODUCTS)
    for domain in at(overrides.images.data, (IMAGES,)) or {} if overrides.images else ():
        assert overrides.images is not None  # noqa: S101 - for the type checker
        yield overrides.images, domain, (IMAGES, domain)


def _named(overrides: Overrides) -> Iterable[tuple[str, str]]:
    """Return each product of which a document says something, with its domain."""
    products = (
        (domain, product) for document, domain, path in _domains(overrides) for product in at(document.data, path) or {}
    )
    return dict.fromkeys(products)


def _unknown(message: str, document: Document, path: DataPath, known: Iterable[str], findings: Findings) -> None:
    findings.add(UNKNOWN_REFERENCE, message, document.key_span(path), hint=did_you_mean(str(path[-1]), known))


def _check_image(layers: Iterable[Layer], name: str, findings: Findings) -> None:
    spans = [span for layer in layers if IMAGE in layer.data and (span := layer.key_span((IMAGE,)))]
    for other in spans[1:]:
        message = f'the image of "{name}" is set in two files'
        related = [Related(spans[0], "the other one")]
        findings.add(IMAGE_OF_TWO, message, other, hint="remove one of them", related=related)


def _check_steps(product: Document, layers: Iterable[Layer], name: str, findings: Findings) -> None:
    known = [str(step.get("name")) for step in product.data[STEPS]]
    for layer in layers:
        for step in layer.data.get(STEPS) or {}:
            if step not in known:
                message = f'product "{name}" has no step "{step}"'
                hint = did_you_mean(step, known)
                findings.add(UNKNOWN_REFERENCE, message, layer.key_span((STEPS, step)), hint=hint)


def _as_locked(layer: Layer) -> Layer:
    """Return a layer whose paths are those of locks: `products.image`."""
    moved = {(PRODUCTS, *path): place for path, place in layer.moved.items()}
    return replace(layer, data={PRODUCTS: layer.data}, moved={(PRODUCTS,): (), **moved})
