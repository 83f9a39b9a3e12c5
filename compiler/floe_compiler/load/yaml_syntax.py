"""The parser's syntax errors in plain words, with hints."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from floe_compiler.load.text_file import CONTROL_CHARACTER, invisible
from floe_compiler.model.diagnostics import Diagnostic, Related, Rule
from floe_compiler.model.span import Span

if TYPE_CHECKING:
    from ruamel.yaml.error import StringMark as Mark
    from ruamel.yaml.error import YAMLError

SYNTAX = Rule(
    "L007",
    "YAML syntax error",
    "The text is not YAML; nothing after this place could be read. Most often a quote is not closed, a value needs"
    " quotes, or the indentation differs from the line above.",
)
TAB = Rule(
    "L008",
    "tab as indentation",
    "YAML is indented with spaces only. Let the editor replace tabs by spaces. Those at the end of a line may stay.",
)

CONFLICT = Rule(
    "L009",
    "unresolved merge conflict",
    "Git has written both sides of a conflict into the file. Keep what is right, and delete the three marker lines.",
)

# Part of the parser's message, our message, hint.
_KNOWN = (
    (
        "mapping keys are not allowed",
        'an unquoted value cannot begin with "? "',
        'if it is text, such as the schedule "? 4 * * *", quote it',
    ),
    ("mapping values are not allowed", 'a ":" makes a second key on this line', 'quote the value if it holds ": "'),
    (
        "expected alphabetic or numeric character",
        "this begins an alias or an anchor",
        'if it is text, such as the schedule "* 4 * * *", quote it',
    ),
    ("unknown escape", "the backslash begins no escape", 'write "\\\\" for a backslash, or use single quotes'),
    ("while scanning a quoted scalar", "the quote that opens here is not closed", "close the quote"),
    ("could not find expected ':'", "this is neither a key with its value nor a list item", 'is a ":" missing?'),
    (
        "parsing a block collection",
        "this does not continue the list above",
        'is a "- " missing, or the indentation off?',
    ),
    ("expected key", "this does not continue the lines above", "check indentation and quotes from here upwards"),
    ("<block end>", "this does not continue the lines above", "check indentation and quotes from here upwards"),
    ("expected ',' or ']'", "the list in brackets does not continue here", 'is a "," or "]" missing?'),
    ("expected ',' or '}'", "the mapping in braces does not continue here", 'is a "," or "}" missing?'),
    ("node content", "a value is missing here", "is a bracket not closed?"),
    ("tag", "a tag", "delete it; quote the value if it is text"),
)
# Errors whose cause is where the parser's context began, not where it gave up.
_AT_CONTEXT = (
    "while scanning a quoted scalar",
    "could not find expected ':'",
    "expected alphabetic or numeric character",
)


_MARKER = re.compile(r"^(?:[<>|]{7}(?= |$)|={7}$)", re.MULTILINE)
_DIRECTIVE = re.compile(r"^%", re.MULTILINE)


def conflicts(text: str, file: str) -> list[Diagnostic]:
    """Return a finding at the first conflict marker of Git."""
    match = _MARKER.search(text)
    if not match:
        return []
    hint = "keep the right lines of both sides, and delete the lines that begin with <<<<<<<, ======= and >>>>>>>"
    message = f"unresolved merge conflict: {match[0]}"
    return [Diagnostic(CONFLICT, message, Span(file, text.count("\n", 0, match.start()) + 1), hint=hint)]


def directives(text: str, file: str) -> list[Diagnostic]:
    """Return a finding for each line that can only be a directive, such as `%YAML 1.1`."""
    return [
        Diagnostic(SYNTAX, "a % directive", Span(file, text.count("\n", 0, match.start()) + 1), hint="delete it")
        for match in _DIRECTIVE.finditer(text)
    ]


def syntax_problem(error: YAMLError, text: str, file: str) -> Diagnostic:
    """Return the finding for an error of the parser."""
    from ruamel.yaml.error import MarkedYAMLError

    if not isinstance(error, MarkedYAMLError) or error.problem_mark is None:
        return Diagnostic(SYNTAX, "not YAML", Span(file))
    mark, context, problem = error.problem_mark, error.context or "", error.problem or ""
    character = _character(text, mark)
    if character == "\t":
        return _tab(text, mark, file)
    if "cannot start any token" in problem:
        message = f"an unquoted value cannot begin with {character}"
        return Diagnostic(SYNTAX, message, _span(mark, file), hint="put the value in quotes")
    if "mapping values are not allowed" in problem and _goes_on(text, mark):
        message = "this belongs to the value on the line above, as it is indented more"
        place = Span(file, mark.line + 1, len(_line(text, mark)) - len(_line(text, mark).lstrip()) + 1)
        return Diagnostic(SYNTAX, message, place, hint="indent it as far as the key above, or give that key no value")
    error_text = f"{context} {problem}"
    message, hint = next(((message, hint) for part, message, hint in _KNOWN if part in error_text), (problem, ""))
    place, context_place = _span(mark, file), _span(error.context_mark or mark, file)
    if any(part in error_text for part in _AT_CONTEXT) and "escape" not in error_text:
        place = context_place
    if "could not find expected ':'" in error_text and (unseen := invisible(text.split("\n")[place.line - 1])):
        # Text that looks like `key: value` has another character than a space after the colon.
        message = f"invisible character {unseen[1]}"
        return Diagnostic(CONTROL_CHARACTER, message, Span(file, place.line, unseen[0] + 1), hint="write a space")
    related = () if place == context_place else (Related(context_place, context),)
    return Diagnostic(SYNTAX, message, place, hint=hint, related=related)


def _goes_on(text: str, mark: Mark) -> bool:
    """Return whether the line above ends in a plain value that this line, being indented more, goes on with."""
    lines = text.split("\n")[: mark.line + 1]
    above, here = (lines[-2] if mark.line else "", lines[-1])
    key = re.fullmatch(r"( *)(?:- +)*[^\s#\"'{\[][^#\"'{\[]*: +[^\s#\"'{\[|>].*", above)
    return key is not None and len(here) - len(here.lstrip()) > len(key[1])


def _line(text: str, mark: Mark) -> str:
    return f"{text}\n".split("\n")[mark.line]  # the end may be given as a line that does not exist


def _character(text: str, mark: Mark) -> str:
    line = _line(text, mark)
    return line[mark.column] if mark.column < len(line) else ""


def _tab(text: str, mark: Mark, file: str) -> Diagnostic:
    count = len(re.findall(r"^ *\t", text, re.MULTILINE))
    indents = not _line(text, mark)[: mark.column].strip(" ")
    hint = f"indent with spaces; {count} line(s) of this file begin with a tab" if indents else "write a space instead"
    return Diagnostic(TAB, "a tab where only spaces may stand", _span(mark, file), hint=hint)


def _span(mark: Mark, file: str) -> Span:
    return Span(file, mark.line + 1, mark.column + 1)
