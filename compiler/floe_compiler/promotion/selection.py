"""Which images an environment takes over from another one, and which it must not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import msgspec

from floe_compiler.model.diagnostics import Findings, Rule
from floe_compiler.model.document import Document
from floe_compiler.model.images import parse_image
from floe_compiler.model.promotion import Change, LeftOut, Promotion
from floe_compiler.model.sources import Sources
from floe_compiler.model.span import Span
from floe_compiler.resolve.layers import Layer
from floe_compiler.resolve.presence import domains_in
from floe_compiler.resolve.product_overrides import IMAGE, Overrides
from floe_compiler.resolve.products import Key
from floe_compiler.resolve.rules import IMAGE_OF_TWO, LOCKED

NOT_TRIED = Rule(
    "R077",
    "promotion of an image that was not run",
    "A promotion (`floe-compile promote FROM TO`) takes over images that the first environment runs: those in its "
    "committed output. It does not have this product, its image is not in the output, or nothing tells which program "
    "was tried, as the tag moves. Let it run there first.",
)
NOWHERE_TO = Rule(
    "R078",
    "promotion to an environment without the product",
    "A promotion (`floe-compile promote FROM TO PRODUCT`) is asked for a data product that the second environment does "
    "not have. Enable it there, or leave it out.",
)
RULES = (NOT_TRIED, NOWHERE_TO)

_LOCKS = ("products", f"products.{IMAGE}")

Ran = Callable[[str, str], bool]
"""Returns whether an image of a domain is in the output of the first environment, given the domain and the image."""


class Side(msgspec.Struct, frozen=True):
    """One of the two environments: what it says of products, and its domains."""

    name: str
    overrides: Overrides
    domains: frozenset[str]

    @staticmethod
    def of(sources: Sources, name: str) -> Side:
        """Return an environment that exists."""
        document = sources.environments[name]
        return Side(name, Overrides.of(sources, document, name), frozenset(domains_in(sources, document, name)))

    def lacks(self, key: Key, document: Document, domain: Document) -> tuple[str, Span] | None:
        """Return why the environment lacks a product, and the place that says so; None if it has it."""
        if key[0] not in self.domains:
            return f'environment "{self.name}" has no domain "{key[0]}"', domain.span(("environments",))
        if not self.overrides.is_enabled(*key, document):
            place = self.overrides.disabled_at(*key, document)
            return f'product "{"/".join(key)}" is disabled in environment "{self.name}"', place
        return None

    def image(self, key: Key, document: Document) -> Layer:
        """Return the layer that gives the image of a product."""
        return [layer for layer in self.overrides.with_own(*key, document) if IMAGE in layer.data][-1]


def promotion(
    sources: Sources, source: Side, target: Side, named: Iterable[Key], ran: Ran, findings: Findings
) -> Promotion:
    """Return what an environment takes over from another one; valid only if there are no errors.

    Args:
        sources: The valid documents.
        source: The environment that has tested the images.
        target: The environment that takes them over.
        named: The products that are asked for; if there are none, all that both environments have.
        ran: Whether an image has run.
        findings: The errors are added here.
    """
    for manifest in sources.manifests:
        for index, lock in enumerate(manifest.data.get("locks") or ()):
            if lock in _LOCKS:
                message = f"no environment may have images of its own: {lock} is locked"
                place = manifest.span(("locks", index))
                findings.add(LOCKED, message, place, hint="remove the lock, or change the products' own files")
                return Promotion()
    chosen = tuple(dict.fromkeys(named))
    changes: list[Change] = []
    left_out: list[LeftOut] = []
    for key in chosen or _all(sources):
        domain = sources.domains[key[0]]
        document = domain.products[key[1]]
        absent = [
            (side, absence) for side in (source, target) if (absence := side.lacks(key, document, domain.document))
        ]
        if absent and not chosen:
            left_out.append(LeftOut(*key, absent[0][1][0]))
        elif absent:
            side, (why, place) = absent[0]
            never = ", so it never ran there" if side is source else ""
            hint = f"enable it in {side.name}, or leave it out"
            findings.add(NOT_TRIED if side is source else NOWHERE_TO, f"{why}{never}", place, hint=hint)
        elif change := _change(source, target, key, document, ran, findings):
            changes.append(change)
    return Promotion(tuple(changes), tuple(left_out))


def _all(sources: Sources) -> Iterator[Key]:
    return ((name, product) for name, source in sorted(sources.domains.items()) for product in sorted(source.products))


def _change(source: Side, target: Side, key: Key, document: Document, ran: Ran, findings: Findings) -> Change | None:
    """Return the change of one product that both environments have; None if there is none, or an error."""
    tried, current = source.image(key, document), target.image(key, document)
    image, before = str(tried.data[IMAGE]), str(current.data[IMAGE])
    images = target.overrides.images
    if image == before and images is not None and current.name == images.file:
        return None
    name, place = "/".join(key), tried.span((IMAGE,)) or Span(tried.name)
    if current.name == target.overrides.environment.file:
        message = f'the image of "{name}" in {target.name} is set in its environment.yaml'
        hint = "remove it there: promoted images are in images.yaml"
        findings.add(IMAGE_OF_TWO, message, current.span((IMAGE,)), hint=hint)
    elif parse_image(image).is_mutable:
        message = f'nothing tells which program "{image}" was when "{name}" ran in {source.name}'
        findings.add(NOT_TRIED, message, place, hint="name an exact version, or a digest, and let it run there")
    elif not ran(key[0], image):
        message = f'"{name}" never ran in {source.name} with {image}: it is not in the committed output'
        findings.add(NOT_TRIED, message, place, hint="compile, commit, and let it run there first")
    else:
        return Change(*key, before, image, place)
    return None
