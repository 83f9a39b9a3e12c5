"""A data product as components see it."""

from __future__ import annotations

import msgspec

from floe_compiler.model.inputs import DataProduct, ProductTrigger
from floe_compiler.model.span import Span


class Product(msgspec.Struct, frozen=True):
    """A data product and its domain."""

    name: str
    domain: str
    spec: DataProduct
    origin: Span | None = None
    """Its location in the inputs."""

    image_origin: Span | None = None
    """The location of its image there."""
    secret_origins: tuple[tuple[str, Span], ...] = ()
    """The secrets that its steps name, each with its location there."""

    server_origins: tuple[tuple[str, Span], ...] = ()
    """The servers of the domain that it asks for, by their keys (`cache`), each with the location there."""

    trigger_origin: Span | None = None
    """The location there of what its runs are started by, if new data of its inputs does."""

    @property
    def trigger(self) -> ProductTrigger | None:
        """Return how new data of its inputs starts runs; None if it does not."""
        trigger = self.spec.trigger
        return trigger if trigger and trigger.enabled else None
