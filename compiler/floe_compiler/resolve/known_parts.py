"""Parts of an earlier resolution: nearly the same documents need not be resolved as a whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from floe_compiler.model.document import Document
from floe_compiler.model.plan import PLATFORM
from floe_compiler.resolve.layers import Layer
from floe_compiler.resolve.product_overrides import DOMAINS

Part = TypeVar("Part")
Name = tuple[str, str]
"""The part of a resolution, and the site or the domain that it is of."""


class KnownParts:
    """Knows no parts, so that each is resolved. `explain` resolves many variations, and keeps parts."""

    def get(self, name: Name, follows: Callable[[], object], make: Callable[[], Part]) -> Part:  # noqa: ARG002
        """Return a part of the resolution.

        Args:
            name: Its name.
            follows: Returns all data that it follows from, except the components.
            make: Makes it, and adds its findings.
        """
        return make()


def data_of(layers: tuple[Layer, ...]) -> tuple[Mapping[Any, Any], ...]:
    """Return the data of layers, without its places."""
    return tuple(layer.data for layer in layers)


def own_settings(environment: Document) -> Mapping[str, Any]:
    """Return what the document of an environment says, except of the platform and of domains."""
    return {key: value for key, value in environment.data.items() if key not in (PLATFORM, DOMAINS)}
