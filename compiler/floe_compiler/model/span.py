"""Positions in input files."""

from __future__ import annotations

from typing import NamedTuple


class Span(NamedTuple):
    """A position in an input file.

    `file` is the path from the repository's root with forward slashes. `line` and `column` start at 1, as in editors.
    """

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"
