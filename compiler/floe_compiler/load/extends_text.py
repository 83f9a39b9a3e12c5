"""Edits the text of a platform manifest so that it extends a parent. All other lines stay as they are."""

from __future__ import annotations

import re
from collections.abc import Mapping

from floe_compiler.load.parents import EXTENDS
from floe_compiler.load.yaml_reader import read_documents
from floe_compiler.model.document import Document
from floe_compiler.model.layout import MANIFEST

AFTER = "metadata"
"""The key that a new entry stands behind."""

_VALUE = re.compile(r"""("?)[^\s"',}]*\1""")


class CannotEdit(ValueError):
    """The text is not a mapping with a key on each line; the message says what to do."""


def with_parent(text: str, entries: Mapping[str, str]) -> str:
    """Return the text of a manifest with `extends`.

    Args:
        text: The text so far.
        entries: The keys and values below `extends`.

    Raises:
        CannotEdit: If it is not written in block style.
    """
    newline = "\r\n" if "\r\n" in text else "\n"
    lines = text.replace("\r\n", "\n").split("\n")
    documents, problems = read_documents("\n".join(lines), MANIFEST)
    if len(documents) != 1 or any(problem.severity == "error" for problem in problems):
        raise CannotEdit("correct its errors first")
    document = documents[0]
    if not isinstance(document.data, dict) or AFTER not in document.data or document.key_span((AFTER,)).column != 1:
        raise CannotEdit(f"begin a line with `{AFTER}:`")
    now = document.data.get(EXTENDS)
    if isinstance(now, dict) and all(isinstance(now.get(key), str) for key in entries):
        for key, value in entries.items():
            _set(lines, document, key, value)
    else:
        start, end = _lines_of(lines, document, EXTENDS if EXTENDS in document.data else AFTER)
        rest = _others(lines, document, now, entries, end) if isinstance(now, dict) else []
        indent = " " * (len(rest[0]) - len(rest[0].lstrip()) if rest else 2)
        block = [f"{EXTENDS}:", *(f"{indent}{key}: {value}" for key, value in entries.items()), *rest]
        lines[start if EXTENDS in document.data else end : end] = block
    return newline.join(lines)


def _set(lines: list[str], document: Document, key: str, value: str) -> None:
    """Replace a value in its line."""
    span = document.span((EXTENDS, key))
    line, start = lines[span.line - 1], span.column - 1
    lines[span.line - 1] = line[:start] + _VALUE.sub(lambda _: value, line[start:], count=1)


def _others(
    lines: list[str], document: Document, now: Mapping[str, object], entries: Mapping[str, str], end: int
) -> list[str]:
    """Return the lines of the other keys below `extends`, such as `verify`.

    Raises CannotEdit if the keys do not begin lines.
    """
    starts = sorted((document.key_span((EXTENDS, key)).line - 1, key) for key in now)
    ends = [*(line for line, _ in starts[1:]), end]
    kept = [(start, behind) for (start, key), behind in zip(starts, ends, strict=True) if key not in entries]
    if kept and "{" in lines[document.key_span((EXTENDS,)).line - 1].partition("#")[0]:
        raise CannotEdit(f"write the keys of `{EXTENDS}` below it, each on a line of its own")
    return [line for start, behind in kept for line in lines[start:behind]]


def _lines_of(lines: list[str], document: Document, key: str) -> tuple[int, int]:
    """Return the first line of a key at the top, and the line behind its value, counted from 0.

    Empty lines and comments before the next key belong to that.
    """
    start = document.key_span((key,)).line - 1
    following = (document.key_span((other,)).line - 1 for other in document.data)
    end = min((line for line in following if line > start), default=len(lines))
    while end > start + 1 and (not lines[end - 1].strip() or lines[end - 1].startswith("#")):
        end -= 1
    return start, end
