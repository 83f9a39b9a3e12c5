"""Patterns with words: what they match is what the patterns alone match, and they are compiled for no other text."""

from __future__ import annotations

import re

import pytest

from floe_compiler.model.keyword_patterns import KeywordPattern


def test_matches_of_a_text_with_a_word() -> None:
    pattern = KeywordPattern(r"^\w+=\d$", ("=",), re.MULTILINE)
    text = "a=1\nb: 2\nc=3"
    assert [match[0] for match in pattern.finditer(text)] == ["a=1", "c=3"]
    assert [match[0] for match in pattern.finditer(text, 4)] == ["c=3"]
    assert [match[0] for match in pattern.finditer(text, 0, 5)] == ["a=1"]
    found = pattern.search(text, 4)
    assert found is not None
    assert found[0] == "c=3"


def test_without_words_any_text_may_match() -> None:
    assert KeywordPattern("[a-z]").search("1b")


def test_a_text_without_the_words_compiles_nothing() -> None:
    pattern = KeywordPattern("(unclosed", ("login",))
    assert pattern.search("docker run") is None
    assert not list(pattern.finditer("helm install"))
    with pytest.raises(re.error):
        pattern.search("docker login")
