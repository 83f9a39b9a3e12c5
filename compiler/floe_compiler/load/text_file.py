"""Bytes of an authored file -> text that looks the same to every reader."""

from __future__ import annotations

import re
from collections import Counter

from floe_compiler.model.diagnostics import Diagnostic, Rule
from floe_compiler.model.input_files import InputFiles, Unread
from floe_compiler.model.layout import MOST_BYTES
from floe_compiler.model.span import Span

HINT = "delete it, or write it as an escape in double quotes"

UNREADABLE = Rule(
    "L001",
    "unreadable file",
    "The file does not exist, is not a regular file, or cannot be opened.",
)
LINK = Rule(
    "L002",
    "symbolic link",
    "A symbolic link may lead out of the repository, so that the result would depend on the machine, and on Windows it"
    " is a text file. So links are not followed. Copy the file to its place.",
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


def read_text(inputs: InputFiles, file: str) -> tuple[str | None, list[Diagnostic]]:
    """Return the text of the file (None if it can't be read), without byte order mark and with LF line breaks."""
    data = inputs.contents.get(file)
    if not isinstance(data, bytes):
        return None, [_unread(inputs, file)]
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        return None, [_not_utf8(data, error.start, file)]
    marks = []
    if text.startswith("\ufeff"):
        text = text[1:]
        marks.append(
            Diagnostic(BYTE_ORDER_MARK, "byte order mark", Span(file), hint="save the file as UTF-8 without BOM")
        )
    text = text.replace("\r\n", "\n")
    problems = control_characters(text, file)
    return (None if problems else text), marks + problems


def control_characters(text: str, file: str) -> list[Diagnostic]:
    """Return a finding for each character that hides the meaning of the text, at its first occurrence."""
    counts = Counter(_CONTROL.findall(text))
    return [
        Diagnostic(
            CONTROL_CHARACTER,
            f"invisible control character U+{ord(character):04X}{f', {count} times in this file' if count > 1 else ''}",
            span_at(text, text.index(character), file),
            hint="save the file with LF line breaks" if character == "\r" else HINT,
        )
        for character, count in counts.items()
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


def _unread(inputs: InputFiles, file: str) -> Diagnostic:
    """Return why a file has no content."""
    if link := inputs.link_in(file):
        return Diagnostic(LINK, f"{link} is a symbolic link", Span(file), hint="copy what it leads to to its place")
    match inputs.contents.get(file), inputs.types.get(file):
        case Unread(size=size), _ if size:
            hint = f"an authored file may have {MOST_BYTES:,} bytes"
            return Diagnostic(TOO_LARGE, f"the file has {size:,} bytes", Span(file), hint=hint)
        case Unread(reason=reason), _:
            return Diagnostic(UNREADABLE, f"the file cannot be read: {reason}", Span(file), hint="give access to it")
        case _, None:
            return Diagnostic(
                UNREADABLE, "the file does not exist", Span(file), hint="write it, or delete what names it"
            )
        case _:
            return Diagnostic(
                UNREADABLE, "the file is not a regular file", Span(file), hint="put a file with the text there"
            )


def _not_utf8(data: bytes, offset: int, file: str) -> Diagnostic:
    before = data[:offset].decode()
    return Diagnostic(
        NOT_UTF8,
        f"byte 0x{data[offset]:02x} is not UTF-8",
        span_at(before, len(before), file),
        hint="save the file as UTF-8",
    )
