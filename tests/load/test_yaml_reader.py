"""Every value is read with its location, and every error is reported with its location."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from examples import FEW
from floe_compiler.load.yaml_reader import DEEPEST, read_documents
from floe_compiler.model.document import DataPath, Document, show_path
from floe_compiler.model.span import Span
from floe_compiler.model.yaml_text import to_yaml

FILE = "domains/sales/domain.yaml"


def read(text: str) -> Document:
    documents, diagnostics = read_documents(text, FILE)
    assert diagnostics == []
    assert len(documents) == 1
    return documents[0]


def problems(text: str) -> list[str]:
    """Return the errors in a text as `line:column code message`."""
    _, diagnostics = read_documents(text, FILE)
    assert all(diagnostic.span and diagnostic.span.file == FILE for diagnostic in diagnostics)
    return [
        f"{diagnostic.span.line}:{diagnostic.span.column} {diagnostic.rule.code} {diagnostic.message}"
        for diagnostic in diagnostics
        if diagnostic.span
    ]


def hints(text: str) -> list[str]:
    return [diagnostic.hint for diagnostic in read_documents(text, FILE)[1]]


def test_values_have_their_places() -> None:
    document = read(
        "# the sales domain\n"
        "name: sales\n"
        "version: 1.10\n"
        "steps:\n"
        "- kind: dlt\n"
        '  image: "a: b"\n'
        "- {kind: dbt, when: [true, null]}\n"
        "note: |\n"
        "  two\n"
        "  lines\n"
        "empty:\n"
    )
    assert document.data == {
        "name": "sales",
        "version": 1.1,
        "steps": [{"kind": "dlt", "image": "a: b"}, {"kind": "dbt", "when": [True, None]}],
        "note": "two\nlines\n",
        "empty": None,
    }
    places: dict[DataPath, tuple[int, int]] = {
        (): (2, 1),
        ("name",): (2, 7),
        ("version",): (3, 10),
        ("steps",): (5, 1),
        ("steps", 0): (5, 3),
        ("steps", 0, "image"): (6, 10),
        ("steps", 1): (7, 3),
        ("steps", 1, "when", 1): (7, 28),
        ("note",): (8, 7),
    }
    for path, (line, column) in places.items():
        assert document.span(path) == Span(FILE, line, column), show_path(path)
    assert document.key_span(("steps", 1, "when")) == Span(FILE, 7, 15)
    assert document.key_span(("empty",)) == Span(FILE, 11, 1)


def test_values_that_are_not_text_keep_their_source_text() -> None:
    document = read("version: 1.10\nquoted: '1.10'\nitems: [+5, null, TRUE]\nempty:\n")
    assert document.raw == {
        ("version",): "1.10",
        ("items", 0): "+5",
        ("items", 1): "null",
        ("items", 2): "TRUE",
        ("empty",): "",
    }


def test_columns_count_characters() -> None:
    assert read("a: {'é😀': x}\n").span(("a", "é😀")) == Span(FILE, 1, 11)


def test_empty_documents_are_left_out() -> None:
    documents, diagnostics = read_documents("---\n# nothing\n---\na: 1\n---\nb: 2\n---\n", FILE)
    assert [document.data for document in documents] == [{"a": 1}, {"b": 2}]
    assert documents[1].span(("b",)) == Span(FILE, 6, 4)
    assert diagnostics == []
    assert read_documents("", FILE) == ([], [])
    assert read_documents("# nothing\n", FILE) == ([], [])


def test_duplicate_keys_name_both_places() -> None:
    text = "a: 1\nb:\n- c: 1\n  d: 2\n  c: 3\na: 4\n"
    assert problems(text) == ["5:3 L010 b[0].c is given twice", "6:1 L010 a is given twice"]
    related = [diagnostic.related for diagnostic in read_documents(text, FILE)[1]]
    assert [(note.span, note.note) for (note,) in related] == [
        (Span(FILE, 3, 3), "first given here"),
        (Span(FILE, 1, 1), "first given here"),
    ]


@pytest.mark.parametrize("key", ["on", "Y", "5432", "1.5", "null", "~", "true", "0644", "2024-01-01"])
def test_keys_that_are_not_text_to_all_readers_are_refused(key: str) -> None:
    assert problems(f"a:\n  {key}: 1\n") == [f"2:3 L011 not every YAML reader takes the key {key} for text"]
    assert hints(f"{key}: 1\n") == [f'write "{key}"']
    assert problems(f'"{key}": 1\n') == []


def test_keys_that_are_not_scalars_are_refused() -> None:
    text = "[a, b]: 1\n? {c: 1}\n: 2\nd: {{ value }}\n?\n: 3\n"
    assert problems(text) == [
        "1:1 L011 a key is a list or a mapping",
        "2:3 L011 a key is a list or a mapping",
        "4:5 L011 a key is a list or a mapping",
        "5:2 L011 a key is empty",
    ]


def test_anchors_aliases_and_merge_keys_are_refused() -> None:
    text = "a: &one {b: 1}\nc: *one\nd:\n  <<: *one\n*one : &two [x]\n&three e: 1\n"
    assert problems(text) == [
        "1:4 L012 anchor &one",
        "2:4 L012 alias *one",
        "4:3 L012 merge key <<",
        "4:7 L012 alias *one",
        "5:1 L012 alias *one",
        "5:8 L012 anchor &two",
        "6:1 L012 anchor &three",
    ]
    assert problems('"<<": 1\n') == []


def test_a_schedule_that_reads_as_an_alias_is_one_mistake() -> None:
    _, (diagnostic,) = read_documents("cron: */15 * * * *\nb: 1\n", "f.yaml")
    assert (diagnostic.rule.code, diagnostic.span) == ("L012", Span("f.yaml", 1, 7))


def test_an_error_on_another_line_than_an_alias_is_reported_too() -> None:
    _, diagnostics = read_documents("a: *one\nb: @\n", "f.yaml")
    assert [diagnostic.rule.code for diagnostic in diagnostics] == ["L012", "L007"]


def test_a_key_with_an_invisible_character_is_refused() -> None:
    _, (diagnostic,) = read_documents("sche\u200bdule: 1\n", "f.yaml")
    assert (diagnostic.rule.code, diagnostic.span) == ("L006", Span("f.yaml", 1, 1))
    assert diagnostic.message == "the key sche<U+200B>dule has the invisible character U+200B in it"
    assert read_documents('"10\u00a0km": 1\na: 10\u00a0km\n', "f.yaml")[1] == []


def test_aliases_are_never_followed() -> None:
    levels = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 40))
    documents, diagnostics = read_documents(f"a0: &a0 [x]\n{levels}", FILE)
    assert documents[0].data["a39"] == [None] * 9
    assert {diagnostic.rule.code for diagnostic in diagnostics} == {"L012"}


def test_tags_are_refused() -> None:
    text = "a: !!str 5\nb: !secret x\nc: !custom\n  d: 1\ne: ! f\n"
    assert problems(text) == ["1:4 L013 tag !!str", "2:4 L013 tag !secret", "3:4 L013 tag !custom", "5:4 L013 tag !"]


def test_ambiguous_values_are_refused() -> None:
    text = "debug: yes\nmode: 0644\nat: [12:30]\nnone: ~\nquoted: 'yes'\nblock: |-\n  0644\n"
    assert problems(text) == [
        "1:8 L014 unquoted yes can be read as a boolean",
        "2:7 L014 unquoted 0644 can be read as an octal number",
        "3:6 L014 unquoted 12:30 can be read as a base-60 number",
        "4:7 L014 unquoted ~ can be read as no value",
    ]
    assert hints(text) == [
        'write "yes" if it is text, true if it is a boolean',
        'write "0644" if it is text, 420 if it is an octal number',
        'write "12:30" if it is text',
        'write "~" if it is text, null if it is no value',
    ]


def test_long_values_are_cut_in_messages() -> None:
    assert all(len(message) < 200 for message in (*problems("a: 0" + "1" * 9999), *hints("a: 0" + "1" * 9999)))


@pytest.mark.parametrize("value", ["0123456", "12_34", "*hunter", "&hunter x", "!hunter x", "2024-01-01", "{0777: 1}"])
def test_secrets_are_not_shown(value: str) -> None:
    for text in (f"db_password: {value}\n", f"token:\n- {value}\n"):
        _, diagnostics = read_documents(text, FILE)
        assert len(diagnostics) == 1
        for digits in ("hunter", "123456", "1234", "42798", "2024", "777", "511"):
            assert digits not in f"{diagnostics[0].message} {diagnostics[0].hint}"


def test_everything_before_a_syntax_error_is_reported_too() -> None:
    documents, _ = read_documents("a: 1\n---\nb: [\n", FILE)
    assert [document.data for document in documents] == [{"a": 1}]
    assert [line.split(" ")[1] for line in problems("a: yes\na: 1\nb: x: y\n")] == ["L014", "L010", "L007"]


@pytest.mark.parametrize(
    "text",
    [
        *("- " * 20_000, "{a: " * 20_000, "? " * 20_000, "[{a: " * 10_000),
        pytest.param("[" * 20_000, marks=pytest.mark.thorough),  # takes longer than all others
    ],
)
def test_bottomless_nesting_is_reported(text: str) -> None:
    assert problems(text)[-1].endswith(f"L015 more than {DEEPEST} levels of nesting")


def test_nesting_up_to_the_limit_is_read() -> None:
    assert problems("[" * DEEPEST + "]" * DEEPEST) == []
    assert problems("[" * DEEPEST + "x" + "]" * DEEPEST) == [f"1:{DEEPEST + 1} L015 more than 100 levels of nesting"]


texts = st.text(max_size=8) | st.text("ab-: #'\"\n|>[]{},&*!?%@`~0", max_size=8)
nested = st.recursive(
    texts | st.integers(-(2**63), 2**63 - 1) | st.floats(-1e300, 1e300) | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=25,
)


@FEW
@given(st.dictionaries(texts, nested, max_size=5))
def test_emitted_yaml_is_read_back_with_every_place(data: dict[str, Any]) -> None:
    text = to_yaml(data)
    document = read(text)
    assert document.data == data
    for path, value in _walk(data):
        assert path in document.values
        _assert_stands_at(_rest_of_line(text, document.span(path)), value)
        if path and isinstance(path[-1], str):
            assert _first_scalar(_rest_of_line(text, document.key_span(path))) == path[-1]


def _assert_stands_at(rest: str, value: Any) -> None:
    """Check that the rest of the line is this value or its beginning."""
    if value and isinstance(value, dict):
        assert _first_scalar(rest) in value
    elif value and isinstance(value, list):
        assert rest.startswith("- ")
    elif rest in ("|", "|-"):
        assert "\n" in value
    else:
        assert yaml.load(rest, yaml.CSafeLoader) == value


def _rest_of_line(text: str, span: Span) -> str:
    return text.split("\n")[span.line - 1][span.column - 1 :]


def _first_scalar(text: str) -> str:
    return next(event.value for event in yaml.parse(text) if isinstance(event, yaml.ScalarEvent))


def _walk(value: Any, path: DataPath = ()) -> Iterator[tuple[DataPath, Any]]:
    yield path, value
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, child in children:
        yield from _walk(child, (*path, step))


PIECES = "a b: : - [ ] { } , &a *a !t !!str ' \" | > |2 #c ? <<: --- ... %YAML \\ 0x1 ~ é"
SPACES = [" ", "  ", "\n", "\n  ", "\n ", "\t", "\r", "\x00", "\ud800"]
yamlish = st.lists(st.sampled_from(PIECES.split()) | st.sampled_from(SPACES) | st.text(max_size=3), max_size=25).map(
    "".join
)


@given(yamlish)
def test_no_text_makes_the_reader_fail(text: str) -> None:
    _, diagnostics = read_documents(text, FILE)
    for diagnostic in diagnostics:
        assert diagnostic.span is not None
        assert diagnostic.message
        assert 1 <= diagnostic.span.line <= text.count("\n") + 2


# Chosen so that many of the texts are valid.
LINES = [
    "a: 1",
    "b: x",
    "- a",
    "- b: [c, d]",
    "  - c",
    "  e: {f: 'g', h: \"i\\u00e9\"}",
    "j: |",
    "k: >-",
    "    text",
    "",
]
LINES += [
    "  # comment",
    "l: m # n",
    "? o",
    ": p",
    "q:",
    "r: 's",
    "  t'",
    '"u": "\\x41',
    "  \\",
    '  v"',
    "---",
    "w: |#x",
]


@given(st.lists(st.sampled_from(LINES) | yamlish, max_size=6).map("\n".join))
def test_both_parsers_give_the_same(text: str) -> None:
    documents, diagnostics = read_documents(text, FILE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("floe_compiler.load.yaml_reader._sound_documents", lambda *_: None)
        slow = read_documents(text, FILE)
    assert (documents, diagnostics) == slow


@pytest.mark.parametrize("escaped", ["\\ud83d\\ude00", "\\U0001f600", "\U0001f600"])
def test_an_emoji_may_be_escaped_as_in_json(escaped: str) -> None:
    assert read(f'a: "x{escaped}"\n"{escaped}": b\n').data == {"a": "x\U0001f600", "\U0001f600": "b"}


@pytest.mark.parametrize("half", ["\\ud83d", "\\ude00\\ud83d", "\\ud83dx\\ude00"])
def test_half_of_a_character_is_reported(half: str) -> None:
    message = "L016 an escape stands for half of a character"
    assert problems(f'a: 1\nb: "{half}"\n') == [f"2:4 {message}"]
    assert problems(f'a: 1\n"{half}": b\n') == [f"2:1 {message}"]


@pytest.mark.parametrize("number", ["ffffffff", "00110000"])
def test_an_escape_beyond_unicode_is_reported(number: str) -> None:
    text = f'a: "\\U0001f600 \\\\Uffffffff"\nb: "x\\U{number}"\n'
    assert problems(text) == ["2:6 L016 no character has this number"]
