"""The lines of a longer text that change with a setting: such a text has many causes, most of its lines have few."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from difflib import SequenceMatcher
from typing import Any

from floe_compiler.explain.variations import scalars
from floe_compiler.model.document import DataPath


def changed_lines(before: Any, after: Any, changed: Collection[DataPath]) -> Iterator[DataPath]:
    """Yield the lines of texts that differ: the path of the text, with the number of the line at its end, from 0.

    Args:
        before: Plain data.
        after: The same, with other values.
        changed: The paths of the values of `before` that differ.
    """
    texts = {path: value for path, value in scalars(before) if path in changed and is_long(value)}
    new_texts = dict(scalars(after)) if texts else {}
    for path, text in texts.items():
        match = SequenceMatcher(None, text.splitlines(), str(new_texts.get(path, "")).splitlines(), autojunk=False)
        for action, start, end, _, _ in match.get_opcodes():
            if action != "equal":
                yield from ((*path, number) for number in range(start, end))


def is_long(value: object) -> bool:
    """Return whether a value is a text of several lines."""
    return isinstance(value, str) and "\n" in value
