"""Fields must not be null."""

from __future__ import annotations

from collections.abc import Iterator

from floe_compiler.check.index import Index
from floe_compiler.model.data_paths import show_place
from floe_compiler.model.diagnostics import Diagnostic, Rule

NULL = Rule(
    "C162",
    "null in an object",
    "The API server drops a null, or removes the field, so delivery tools report a difference. Leave the key out.",
)
RULES = (NULL,)


def check(index: Index) -> Iterator[Diagnostic]:
    """Yield the fields of an object that are null."""
    for identity, paths in index.shapes.nulls.items():
        for path in paths:
            place = show_place(path, index.objects[identity])
            yield index.finding(NULL, identity, f"{place} is null", "leave the key out")
