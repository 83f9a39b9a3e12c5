"""Syntax errors have a place and a fix."""

from __future__ import annotations

import pytest

from floe_compiler.load.yaml_reader import read_documents
from floe_compiler.model.diagnostics import Diagnostic
from floe_compiler.model.span import Span


def only(text: str) -> Diagnostic:
    _, diagnostics = read_documents(text, "f.yaml")
    (diagnostic,) = diagnostics
    return diagnostic


@pytest.mark.parametrize(
    ("text", "place", "message", "hint"),
    [
        ("a: b: c\n", (1, 5), 'a ":" makes a second key on this line', 'quote the value if it holds ": "'),
        ("a:\n  b: c\n   d: e\n", (3, 4), "this belongs to the value on the line above", "indent it as far as the key"),
        ("- a: b\n    c: d\n", (2, 5), "this belongs to the value on the line above", "indent it as far as the key"),
        ("a: 'b'\n  c: d\n", (2, 3), "this does not continue the lines above", "check indentation"),
        ("a: b\nc: d: e\n", (2, 5), 'a ":" makes a second key on this line', 'quote the value if it holds ": "'),
        ('a: "b\nc: d\n', (1, 4), "the quote that opens here is not closed", "close the quote"),
        ("a: 'b\n---\nc: d\n", (1, 4), "the quote that opens here is not closed", "close the quote"),
        ("a: 1\nfoo\nb: 2\n", (2, 1), "this is neither a key with its value nor a list item", 'is a ":" missing?'),
        ("a:\n  b: 1\n c: 2\n", (3, 2), "this does not continue the lines above", "check indentation and quotes"),
        ("a: 'it's'\n", (1, 8), "this does not continue the lines above", "check indentation and quotes"),
        ("a:\n  - b\n  c: d\n", (3, 3), "this does not continue the list above", 'is a "- " missing'),
        ("a: [1, 2\nb: 3\n", (2, 2), "the list in brackets does not continue here", 'is a "," or "]" missing?'),
        ("a: {b: 2\nc: 3\n", (2, 2), "the mapping in braces does not continue here", 'is a "," or "}" missing?'),
        ("a: [\n", (2, 1), "a value is missing here", "is a bracket not closed?"),
        ("a: %x\n", (1, 4), "an unquoted value cannot begin with %", "put the value in quotes"),
        ("a: @x\n", (1, 4), "an unquoted value cannot begin with @", "put the value in quotes"),
        ('a: "\\d"\n', (1, 6), "the backslash begins no escape", 'write "\\\\" for a backslash, or use single quotes'),
        ("%YAML 1.3\n---\na: 1\n", (1, 1), "a % directive", "delete it"),
        ("a: * 4 * * *\n", (1, 4), "this begins an alias or an anchor", "if it is text, such as the schedule"),
        ("a: & b\n", (1, 4), "this begins an alias or an anchor", "if it is text, such as the schedule"),
        ("a: !x!y z\n", (1, 4), "a tag", "delete it"),
    ],
)
def test_a_syntax_error_has_its_place_and_a_fix(text: str, place: tuple[int, int], message: str, hint: str) -> None:
    diagnostic = only(text)
    assert diagnostic.rule.code == "L007"
    assert diagnostic.span == Span("f.yaml", *place)
    assert diagnostic.message.startswith(message)
    assert diagnostic.hint.startswith(hint)


def test_a_bracket_that_does_not_close_is_shown_with_its_opening() -> None:
    (related,) = only("a: [1, 2\nb: 3\n").related
    assert related.span == Span("f.yaml", 1, 4)


@pytest.mark.parametrize(
    ("text", "line", "count"),
    [("a:\n\tb: 1\n\tc: 1\n", 2, 2), ("a:\n  b: 1\n  \tc: 1\n", 3, 1), ("a: |\n  x\n\ty\n", 3, 1)],
)
def test_tabs_as_indentation_are_explained(text: str, line: int, count: int) -> None:
    diagnostic = only(text)
    assert diagnostic.rule.code == "L008"
    assert diagnostic.span
    assert diagnostic.span.line == line
    assert diagnostic.hint == f"indent with spaces; {count} line(s) of this file begin with a tab"


def test_a_tab_at_the_end_of_a_line_does_not_hide_another_mistake() -> None:
    diagnostic = only("a: b\t\nc: d: e\nf: g\t\n")
    assert (diagnostic.rule.code, diagnostic.span) == ("L007", Span("f.yaml", 2, 5))
    diagnostic = only('a: b\t\nc: "d\t\ne: f\t\n')
    assert (diagnostic.rule.code, diagnostic.span) == ("L007", Span("f.yaml", 2, 4))


@pytest.mark.parametrize("text", ["a:\t- x\n", "a:\t@x\n"])
def test_a_tab_in_the_middle_of_a_line_is_not_indentation(text: str) -> None:
    diagnostic = only(text)
    assert (diagnostic.rule.code, diagnostic.span, diagnostic.hint) == (
        "L008",
        Span("f.yaml", 1, 3),
        "write a space instead",
    )


@pytest.mark.parametrize(
    ("text", "line", "marker"),
    [
        ("a: 1\n<<<<<<< HEAD\nb: 1\n=======\nb: 2\n>>>>>>> side\n", 2, "<<<<<<<"),
        ("a: 1\n||||||| base\nb: 1\n", 2, "|||||||"),
        ("a: 1\n=======\nb: 1\n", 2, "======="),
        ("a: 1\n>>>>>>> side\n", 2, ">>>>>>>"),
        ("a: |\n  x\n<<<<<<<\n%y\n", 3, "<<<<<<<"),
    ],
)
def test_a_merge_conflict_is_named_at_its_first_line(text: str, line: int, marker: str) -> None:
    diagnostic = only(text)
    assert (diagnostic.rule.code, diagnostic.span) == ("L009", Span("f.yaml", line, 1))
    assert diagnostic.message.endswith(marker)


@pytest.mark.parametrize("text", ["a: |\n  b\n  =======\n  <<<<<<< x\n", "a: x\n# <<<<<<< y\n"])
def test_text_that_only_looks_like_a_merge_conflict_is_accepted(text: str) -> None:
    assert read_documents(text, "f.yaml")[1] == []


def test_an_invisible_character_is_named_where_the_syntax_breaks() -> None:
    diagnostic = only("a: 1\nb:\u00a0x\nc: 2\n")
    assert (diagnostic.rule.code, diagnostic.span) == ("L006", Span("f.yaml", 2, 3))
    assert diagnostic.message == "invisible character U+00A0"


def test_tabs_inside_block_text_are_fine() -> None:
    documents, diagnostics = read_documents("makefile: |\n  all:\n  \techo hi\n", "f.yaml")
    assert diagnostics == []
    assert documents[0].data == {"makefile": "all:\n\techo hi\n"}
