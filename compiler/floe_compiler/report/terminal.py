"""Text on a terminal or in a CI system's log: colours only for people, and nothing from inputs that either obeys."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import IO, Literal

Style = Literal["bold", "dim", "red", "green", "yellow", "blue"]
Paint = Callable[[str, Style], str]

# SGR codes of ECMA-48, which all current terminals support.
_CODES: dict[Style, int] = {"bold": 1, "dim": 2, "red": 31, "green": 32, "yellow": 33, "blue": 34}
# Control characters, and marks that reverse the direction of the text ("Trojan Source", CVE-2021-42574).
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")

# Commands in a log. GitHub's runner obeys `::name::` at the start of a line, after any space, and `##[name]` anywhere
# (github.com/actions/runner, ActionCommand.cs); Azure Pipelines `##vso[...]` anywhere
# (github.com/microsoft/azure-pipelines-agent, Command.cs).
_COMMAND = re.compile(r"^([^\S\n]*):(?=:[^\s:]+(?:[ ][^\n]*?)?::)|(#)(?=#[A-Za-z]*\[)", re.MULTILINE)


def plain(text: str, _: Style) -> str:
    """Return the text unchanged."""
    return text


def colourful(text: str, style: Style) -> str:
    """Return the text with the terminal's codes for a style around it."""
    return f"\x1b[{_CODES[style]}m{text}\x1b[0m"


def paint_for(stream: IO[str]) -> Paint:
    """Return a function that styles text for a stream: with colours on a terminal, unless NO_COLOR is set."""
    wanted = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return colourful if wanted and stream.isatty() else plain


def printable(message: str) -> str:
    """Return a message that may quote users and files, with credentials hidden and with what `visible` escapes."""
    from floe_compiler.report.secrecy import hide_in_message

    return visible(hide_in_message(message))


def visible(text: str) -> str:
    """Return the text with control characters and commands escaped, so that no terminal or CI system obeys them."""
    shown = _CONTROL.sub(lambda match: match[0].encode("unicode_escape", "surrogatepass").decode(), text)
    return _COMMAND.sub(lambda match: r"\x23" if match[2] else rf"{match[1]}\x3a", shown)
