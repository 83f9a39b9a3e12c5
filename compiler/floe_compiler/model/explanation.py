"""Which inputs the values of an object follow from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from floe_compiler.model.document import DataPath
from floe_compiler.model.objects import Object, ObjectId
from floe_compiler.model.span import Span


class Cause(msgspec.Struct, frozen=True, order=True):
    """The cause of a value: a written value at `span`, or, without a span, what `description` says."""

    description: str
    span: Span | None = None
    overrides: tuple[tuple[str, Span | None], ...] = ()
    """The overridden values as text, with their locations (None: a scale's default)."""


FIXED = Cause("fixed by the component or the compiler")
"""The cause of what no input changes."""


class Explanation(msgspec.Struct, frozen=True):
    """The scalars of one object, each with its causes."""

    identity: ObjectId
    manifest: Object
    asked_by: str
    patches: tuple[Span, ...]
    """The patches that changed the object."""

    values: tuple[tuple[DataPath, Any, tuple[Cause, ...]], ...]
    removed: tuple[tuple[str, Span], ...] = ()
    """The values that a patch removed, by their path as messages show it."""

    lines: Mapping[DataPath, tuple[tuple[Cause, ...], ...]] = {}
    """The causes of each line of the longer texts that no patch has changed."""

    template: Span | None = None
    """The template of an object of a Helm chart."""

    text: str = ""
    """The text of the object's file, if it was compiled into one."""
