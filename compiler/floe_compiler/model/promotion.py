"""What a promotion changes: images that one environment takes over from another one."""

from __future__ import annotations

import msgspec

from floe_compiler.model.span import Span


class Change(msgspec.Struct, frozen=True):
    """A new image of a product: what it is so far, what it becomes, and where the first environment names it."""

    domain: str
    product: str
    before: str
    after: str
    origin: Span


class LeftOut(msgspec.Struct, frozen=True):
    """A product that nobody asked for by name, and why it is not promoted."""

    domain: str
    product: str
    reason: str


class Promotion(msgspec.Struct, frozen=True):
    """The changes, and what is left out."""

    changes: tuple[Change, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
