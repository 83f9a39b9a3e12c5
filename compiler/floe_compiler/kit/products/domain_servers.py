"""Servers of a domain that its products ask for: what their steps are told of them, and what follows from that."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from floe_compiler.kit.products import environment_names as names
from floe_compiler.model.capabilities import Cache, DomainServer, SemanticLayer
from floe_compiler.model.facts import SecretFile, Variable
from floe_compiler.model.plan import Context, Product, Requirement


class _Offer(msgspec.Struct, frozen=True):
    """A kind of server: the variables that tell a step its URL and the file with the password, and that file."""

    kind: type[DomainServer]
    url: str
    password_file: str
    file: str

    def requested_by(self, product: Product) -> bool:
        """Return whether a product asks for it: the key is named after the slot."""
        return bool(getattr(product.spec, self.kind.slot))


_OFFERS = (
    _Offer(Cache, names.CACHE_URL, names.CACHE_PASSWORD_FILE, "/run/secrets/cache/password"),
    _Offer(
        SemanticLayer,
        names.SEMANTIC_LAYER_URL,
        names.SEMANTIC_LAYER_PASSWORD_FILE,
        "/run/secrets/semantic-layer/password",
    ),
)


def required_servers(products: Iterable[Product]) -> Iterator[Requirement]:
    """Yield a requirement for each kind of server that any of the products asks for; it names the first of these."""
    declared = tuple(products)
    for offer in _OFFERS:
        first = next((product for product in declared if offer.requested_by(product)), None)
        if first:
            yield Requirement(offer.kind, product=first.name, origin=dict(first.server_origins).get(offer.kind.slot))


def requested_servers(context: Context[Any], product: Product) -> tuple[DomainServer, ...]:
    """Return the servers that a product asks for."""
    return tuple(server for _, server in _requested(context, product))


def server_variables(context: Context[Any], product: Product) -> Iterator[Variable]:
    """Yield the variables by which the product's steps find them."""
    for offer, server in _requested(context, product):
        yield Variable(offer.url, server.url)
        yield Variable(offer.password_file, offer.file)


def server_passwords(context: Context[Any], product: Product) -> Iterator[SecretFile]:
    """Yield the files with their passwords."""
    for offer, server in _requested(context, product):
        yield SecretFile(offer.file, server.password)


def _requested(context: Context[Any], product: Product) -> Iterator[tuple[_Offer, DomainServer]]:
    for offer in _OFFERS:
        server = context.optional(offer.kind) if offer.requested_by(product) else None
        if server:
            yield offer, server
