"""An input file as plain data with the location of every key and value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from floe_compiler.model.span import Span

DataPath = tuple[str | int, ...]
"""Steps from the root of a document: keys and list indexes, such as `("spec", "steps", 0, "kind")`."""


def show_path(path: DataPath) -> str:
    """Return a path as people write it: `spec.steps[0].kind`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


class Document(msgspec.Struct, frozen=True):
    """One YAML document: plain data (dict, list, str, int, float, bool, None), and the span of each key and value.

    `raw` has the source text of each value that is not a string: a version written as `1.10` is the number 1.1.
    """

    file: str
    data: Any
    keys: Mapping[DataPath, Span] = msgspec.field(default_factory=dict)
    values: Mapping[DataPath, Span] = msgspec.field(default_factory=dict)
    raw: Mapping[DataPath, str] = msgspec.field(default_factory=dict)
    digest: str = ""
    """The digest of the file's name and text; empty for a document that was not read from a file."""

    def span(self, path: DataPath) -> Span:
        """Return the location of the value at `path`; if it is missing, the location of its nearest parent."""
        while path and path not in self.values:
            path = path[:-1]
        return self.values.get(path, Span(self.file))

    @property
    def places(self) -> Mapping[DataPath, Span]:
        """Return the location of each value; of a mapping or a list, that of its key, which may be a line above."""
        above = {path[:-1] for path in self.values if path}
        return {path: self.keys.get(path, span) if path in above else span for path, span in self.values.items()}

    def key_span(self, path: DataPath) -> Span:
        """Return the location of the key at `path`; if the last step is an index, the location of the item."""
        return self.keys.get(path) or self.span(path)
