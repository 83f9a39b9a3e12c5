"""The line of a diagnostic in the input file, with a mark under the column."""

from __future__ import annotations

import re
from pathlib import Path

from floe_compiler.model.plain_files import read_below
from floe_compiler.model.span import Span
from floe_compiler.report.secrecy import hide_in_line
from floe_compiler.report.terminal import Paint, visible

LONGEST_LINE = 160
_KEY = re.compile(r"[\s-]*([\w-]+):\s*")
LARGEST_FILE = 2_000_000


def excerpt(root: Path, span: Span, paint: Paint, *, secret_beside: str | None = None) -> tuple[str, ...]:
    """Return the line at a span and a caret below its column; empty if it cannot be read or shown safely.

    If the line may have a secret, `secret_beside` is the text of the message. Then the line is shown only if it has
    nothing but a key that the message names, too.
    """
    before, line, after = _read_lines(root, span)
    if not line.strip() or len(line) > LONGEST_LINE:
        return ()
    if secret_beside is not None and not _is_known_key(line, secret_beside):
        return ()
    shown = visible(hide_in_line(line, before, after))
    number = f"{span.line:>5}"
    margin = " " * len(number)
    lines = (paint(f"{number} | ", "blue") + shown,)
    if shown != line or not 1 <= span.column <= len(line) + 1:
        return lines  # Hidden or escaped characters have moved the columns.
    indent = re.sub(r"[^\t]", " ", line[: span.column - 1])
    return (*lines, paint(f"{margin} | ", "blue") + indent + paint("^", "red"))


def _is_known_key(line: str, message: str) -> bool:
    key = _KEY.fullmatch(line)
    return bool(key and re.search(rf"(?<![\w-]){re.escape(key[1])}(?![\w-])", message))


def _read_lines(root: Path, span: Span) -> tuple[str, str, str]:
    """Return the line at a span between its neighbours; empty ones where there are none, or they cannot be read."""
    try:
        if ".." in span.file.split("/"):
            return "", "", ""
        lines = read_below(root, span.file, LARGEST_FILE).decode().splitlines()
    except (OSError, ValueError):  # ValueError: not UTF-8, NUL in the path
        return "", "", ""
    if not 1 <= span.line <= len(lines):
        return "", "", ""
    before, line, after = ("", *lines, "")[span.line - 1 : span.line + 2]
    return before, line, after
