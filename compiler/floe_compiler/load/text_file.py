"""Bytes of an authored file -> text that looks the same to every reader."""

from __future__ import annotations

import os
import re
import stat
from collections import Counter
from pathlib import Path

from floe_compiler.model.diagnostics import Diagnostic, Rule
from floe_compiler.model.layout import MOST_BYTES
from floe_compiler.model.span import Span

HINT = "delete it, or write it as an escape in double quotes"

UNREADABLE = Rule(
    "L001",
    "unreadable file",
    "The file does not exist, is not a regular file, or cannot be opened.",
)
OUTSIDE = Rule(
    "L002",
    "file outside the repository",
    "A path or symbolic link leads out of the repository, so the result would depend on the machine. Copy the file in.",
)
TOO_LARGE = Rule(
    "L003",
    "file too large",
    f"An authored file may have {MOST_BYTES // 1_000_000} MB. Larger ones are data, which belongs elsewhere.",
)
NOT_UTF8 = Rule(
    "L004",
    "file is not UTF-8",
    "Authored files are UTF-8 text. Save the file again with that encoding.",
)
BYTE_ORDER_MARK = Rule(
    "L005",
    "byte order mark",
    "The file begins with the invisible mark U+FEFF, at which some YAML readers stop. Save it as UTF-8 without BOM.",
    severity="warning",
)
CONTROL_CHARACTER = Rule(
    "L006",
    "invisible control character",
    "Control characters, line breaks other than LF and CRLF, marks that turn the direction of text, and invisible"
    " characters in keys make a file mean something else than it shows. Delete them, or write them as an escape (such"
    ' as "\\u2028") in double quotes.',
)

_INVISIBLE = re.compile(r"[\u00a0\u00ad\u2000-\u200f\u202f\u205f-\u2064\u3000]")
"""Invisible characters and spaces; allowed in texts, as between a number and its unit, but not in names."""
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]")


def read_file(root: Path, file: str) -> tuple[str | None, list[Diagnostic]]:
    """Return the text of the file (None if it can't be read), without byte order mark and with LF line breaks.

    `file` is the path from the repository's root, with forward slashes.
    """
    data, problem = _read_bytes(root, file)
    if problem:
        return None, [problem]
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        return None, [_not_utf8(data, error.start, file)]
    found = []
    if text.startswith("\ufeff"):
        text = text[1:]
        found.append(
            Diagnostic(BYTE_ORDER_MARK, "byte order mark", Span(file), hint="save the file as UTF-8 without BOM")
        )
    text = text.replace("\r\n", "\n")
    problems = control_characters(text, file)
    return (None if problems else text), found + problems


def control_characters(text: str, file: str) -> list[Diagnostic]:
    """Return a finding for each character that hides the meaning of the text, at its first occurrence."""
    counts = Counter(_CONTROL.findall(text))
    return [
        Diagnostic(
            CONTROL_CHARACTER,
            f"invisible control character U+{ord(one):04X}{f', {count} times in this file' if count > 1 else ''}",
            span_at(text, text.index(one), file),
            hint="save the file with LF line breaks" if one == "\r" else HINT,
        )
        for one, count in counts.items()
    ]


def invisible(text: str) -> tuple[int, str] | None:
    """Return the position and name of the first invisible character of a text."""
    match = _INVISIBLE.search(text)
    return (match.start(), f"U+{ord(match[0]):04X}") if match else None


def visible(text: str) -> str:
    """Return the text with invisible characters replaced by their names."""
    return _INVISIBLE.sub(lambda match: f"<U+{ord(match[0]):04X}>", text)


def span_at(text: str, offset: int, file: str) -> Span:
    """Return the location of the character at `offset`."""
    return Span(file, text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset))


def _read_bytes(root: Path, file: str) -> tuple[bytes, Diagnostic | None]:
    # Not with pathlib, which takes twice as long for the many files of a large mesh.
    path = os.path.join(root, file)  # noqa: PTH118
    try:
        if not _is_inside(path, root):
            hint = "copy the file into the repository"
            return b"", Diagnostic(OUTSIDE, "the file lies outside the repository", Span(file), hint=hint)
        status = os.stat(path)  # noqa: PTH116
        if not stat.S_ISREG(status.st_mode):
            return b"", Diagnostic(UNREADABLE, "the file is not a regular file", Span(file))
        if status.st_size > MOST_BYTES:
            hint = f"an authored file may have {MOST_BYTES:,} bytes"
            return b"", Diagnostic(TOO_LARGE, f"the file has {status.st_size:,} bytes", Span(file), hint=hint)
        with open(path, "rb", buffering=0) as opened:  # noqa: PTH123
            return opened.read(), None
    except FileNotFoundError:
        return b"", Diagnostic(UNREADABLE, "the file does not exist", Span(file))
    except (OSError, ValueError) as error:  # ValueError: NUL in the path
        reason = getattr(error, "strerror", None) or "the path leads nowhere"
        return b"", Diagnostic(UNREADABLE, f"the file cannot be read: {reason}", Span(file))


def _is_inside(path: str, root: Path) -> bool:
    """Return whether a path still leads into a folder once all links are followed."""
    if _is_plain(path, str(root)):
        return True  # nearly all are, and to follow no links takes a third of the time
    return Path(os.path.realpath(path)).is_relative_to(root.resolve())


def _is_plain(path: str, root: str) -> bool:
    """Return whether a path lies in a folder, and no part of it below that is a link or `..`."""
    if not path.startswith(f"{root}/") or ".." in path.split("/"):
        return False
    while len(path) > len(root):
        if os.path.islink(path):  # noqa: PTH114
            return False
        path = path.rpartition("/")[0]
    return True


def _not_utf8(data: bytes, offset: int, file: str) -> Diagnostic:
    before = data[:offset].decode()
    return Diagnostic(
        NOT_UTF8,
        f"byte 0x{data[offset]:02x} is not UTF-8",
        span_at(before, len(before), file),
        hint="save the file as UTF-8",
    )
