"""What a component requires of other components."""

from __future__ import annotations

import msgspec

from floe_compiler.model.capabilities import Capability
from floe_compiler.model.span import Span


class Requirement(msgspec.Struct, frozen=True):
    """A capability that a component needs, from its own domain or, if there is none, from the platform.

    `name` selects one by name. `many` selects all in the unit. An `optional` requirement may stay unmet. `product` is
    the name of the data product that asks for it, if one does, and `origin` where. With `elsewhere`, it comes from the
    shared services in another cluster only: for what does there what this does here.
    """

    kind: type[Capability]
    name: str = ""
    many: bool = False
    optional: bool = False
    product: str = ""
    origin: Span | None = None
    elsewhere: bool = False
