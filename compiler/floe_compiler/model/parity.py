"""How two environments differ, by what documents say of them."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from floe_compiler.model.span import Span

Group = Literal["products", "domains", "platform", "files", "scale", "places"]
"""What a difference is about. `scale` and `places` are those that environments are for."""

EXPECTED: tuple[Group, ...] = ("scale", "places")


class WrittenValue(msgspec.Struct, frozen=True):
    """A value, and the place that says it."""

    value: Any
    span: Span


class Difference(msgspec.Struct, frozen=True):
    """Something that two environments say differently.

    Attributes:
        group: What it is about.
        subject: What has the setting: `sales/orders`, `sales`, `platform`, `environment`, or a file.
        path: The path of the setting as people write it; empty if it is about the subject as a whole.
        first: What the first environment says; None if nothing is said.
        second: The same of the second one.
    """

    group: Group
    subject: str
    path: str
    first: WrittenValue | None
    second: WrittenValue | None

    @property
    def is_expected(self) -> bool:
        """Whether it is one of those that environments are for."""
        return self.group in EXPECTED
