"""Tables in Markdown, and text in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from floe_compiler.report.terminal import visible


def markdown_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table, with a line for its head and one for each row. Cells are Markdown on one line."""
    return "".join((_line(head), f"|{'---|' * len(head)}\n", *map(_line, rows)))


def code(text: object) -> str:
    """Return a text as code."""
    return f"`{text}`"


def _line(cells: Sequence[str]) -> str:
    shown = (cell.replace("|", r"\|") for cell in cells)
    return "|" + "".join(f" {cell} |" if cell else " |" for cell in shown) + "\n"


def inline(text: str) -> str:
    """Return text escaped for Markdown and HTML, on one line."""
    escaped = visible(text).replace("&", "&amp;").replace("<", "&lt;").replace("\n", " ")
    return re.sub(r"([\\`*_\[\]|])", r"\\\1", escaped)
