"""The lines of an output file, each with the inputs that it follows from."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from floe_compiler.model.credentials import without_secrets
from floe_compiler.model.data_paths import labels
from floe_compiler.model.document import DataPath
from floe_compiler.model.explanation import Cause, Explanation
from floe_compiler.report.field_paths import show_field
from floe_compiler.report.secrecy import HIDDEN, hide_object


class BlamedLine(msgspec.Struct, frozen=True):
    """One line: its text without secrets, the columns of what it says (from 1), its path, and the causes of that."""

    number: int
    text: str
    start: int
    end: int
    """The column after the last one."""

    path: str = ""
    causes: tuple[Cause, ...] = ()


class _Piece(msgspec.Struct, frozen=True):
    """What a line says: a value, a line of a longer text (its number, from 0), or only a key of what is below it."""

    line: int
    start: int
    end: int
    path: DataPath
    within: int | None = None


def blamed_lines(explanation: Explanation) -> tuple[BlamedLine, ...]:
    """Return the lines of an object's file with their causes.

    A line with only a key has the causes that all values below it have in common. A longer text has, where they are
    known, causes for each of its lines.
    """
    causes = {path: value_causes for path, _, value_causes in explanation.values}
    values = {path: value for path, value, _ in explanation.values}
    manifest, kind = explanation.manifest, explanation.identity.kind
    pieces = {piece.line: piece for piece in reversed([*_pieces(explanation.text)])}
    lines = []
    for number, line in enumerate(explanation.text.split("\n")[:-1]):
        piece = pieces.get(number) or _Piece(number, 0, len(line), ())
        value = values.get(piece.path)
        start, end = piece.start, piece.end
        if piece.within is not None:
            start, end = len(line) - piece.end, len(line)
        hidden = hide_object(value, kind, labels(piece.path, manifest))
        shown = line[:start] + _hidden(hidden, value, piece) if hidden != value else line
        path = show_field(piece.path, manifest) if piece.path else ""
        line_causes = _causes(piece, causes, explanation.lines) if piece.path else ()
        lines.append(BlamedLine(number + 1, without_secrets(shown, HIDDEN), start + 1, end + 1, path, line_causes))
    return tuple(lines)


def _causes(
    piece: _Piece, causes: Mapping[DataPath, tuple[Cause, ...]], lines: Mapping[DataPath, tuple[tuple[Cause, ...], ...]]
) -> tuple[Cause, ...]:
    line_causes = lines.get(piece.path)
    if line_causes and piece.within is not None and piece.within < len(line_causes):
        return line_causes[piece.within]
    if piece.path in causes:
        return causes[piece.path]
    below = [value_causes for path, value_causes in causes.items() if path[: len(piece.path)] == piece.path]
    return tuple(cause for cause in below[0] if all(cause in other for other in below)) if below else ()


def _hidden(hidden: Any, value: Any, piece: _Piece) -> str:
    """Return what a line shows of a value that has a secret: as much of a longer text as has none."""
    if piece.within is None:
        return "|" if isinstance(value, str) and "\n" in value else json.dumps(hidden)
    lines = str(hidden).splitlines()
    return lines[piece.within] if len(lines) == len(str(value).splitlines()) else HIDDEN


def _pieces(text: str) -> Iterator[_Piece]:
    """Yield what the lines of a YAML text say, in order; the first on a line is what it is about."""
    import yaml

    yield from _of_node(yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)), ())


def _of_node(node: Any, path: DataPath) -> Iterator[_Piece]:
    start, end = node.start_mark, node.end_mark
    if node.id == "scalar" and node.style == "|":
        yield _Piece(start.line, start.column, start.column + 1, path)
        for number, line in enumerate(node.value.splitlines()):  # after the indentation, which the line knows
            yield _Piece(start.line + 1 + number, 0, len(line), path, number)
    elif node.id == "scalar" or not node.value:
        yield _Piece(start.line, start.column, end.column, path)
    elif node.id == "mapping":
        for key, value in node.value:
            below = (*path, key.value)
            if value.start_mark.line > key.start_mark.line:
                yield _Piece(key.start_mark.line, key.start_mark.column, key.end_mark.column, below)
            yield from _of_node(value, below)
    else:
        for number, value in enumerate(node.value):
            yield from _of_node(value, (*path, number))
