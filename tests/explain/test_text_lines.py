"""Which lines of a text change."""

from __future__ import annotations

from floe_compiler.explain.text_lines import changed_lines

PATH = ("data", "settings")


def changed(before: str, after: str) -> set[int | str]:
    lines = changed_lines({"data": {"settings": before}}, {"data": {"settings": after}}, {PATH})
    return {path[-1] for path in lines if path[:-1] == PATH}


def test_only_differing_lines_are_values() -> None:
    assert changed("a: 1\nb: 2\nc: 3\n", "a: 1\nb: 9\nc: 3\n") == {1}


def test_an_added_line_does_not_change_those_below() -> None:
    assert changed("a: 1\nb: 2\nc: 3\n", "new\na: 1\nb: 2\nc: 9\n") == {2}


def test_removed_lines_are_found() -> None:
    assert changed("a\nb\nc\n", "c\n") == {0, 1}


def test_a_text_in_a_list_is_found() -> None:
    before, after = {"args": ["sh", "set -e\nrun 1\n"]}, {"args": ["sh", "set -e\nrun 2\n"]}
    assert set(changed_lines(before, after, {("args", 1)})) == {("args", 1, 1)}


def test_values_of_one_line_have_no_lines() -> None:
    assert not set(changed_lines({"a": "1"}, {"a": "2"}, {("a",)}))
