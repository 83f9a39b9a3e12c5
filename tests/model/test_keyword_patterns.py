"""Patterns with words match what the patterns alone match, and are compiled only for texts with a word."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from floe_compiler.model import assigned_secrets, login_forms
from floe_compiler.model.keyword_patterns import KeywordPattern
from tables import table

PATTERNS = (
    *assigned_secrets._ON_ONE_LINE,
    *assigned_secrets._ON_SEVERAL_LINES,
    *(form for _, form in login_forms._FORMS),
    *(names for names, _ in login_forms._COMMANDS),
)


def test_a_text_with_a_keyword_is_matched() -> None:
    pattern = KeywordPattern(r"^\w+=\d$", ("=",), re.MULTILINE)
    text = "a=1\nb: 2\nc=3"
    assert [match[0] for match in pattern.finditer(text)] == ["a=1", "c=3"]
    assert [match[0] for match in pattern.finditer(text, 4)] == ["c=3"]
    assert [match[0] for match in pattern.finditer(text, 0, 5)] == ["a=1"]
    matched = pattern.search(text, 4)
    assert matched is not None
    assert matched[0] == "c=3"


def test_without_keywords_any_text_may_match() -> None:
    assert KeywordPattern("[a-z]").search("1b")


def test_a_text_without_keywords_compiles_no_pattern() -> None:
    pattern = KeywordPattern("(unclosed", ("login",))
    assert pattern.search("docker run") is None
    assert not list(pattern.finditer("helm install"))
    with pytest.raises(re.error):
        pattern.search("docker login")


@table("pattern", [pytest.param(pattern, id=pattern._form[:40]) for pattern in PATTERNS])
def test_every_match_has_one_of_the_keywords(pattern: KeywordPattern) -> None:
    """Whatever a form matches has one of its words: otherwise the form would not even be tried."""
    form = re.compile(pattern._form, pattern._flags)

    @settings(max_examples=3, database=None, deadline=None, suppress_health_check=[*HealthCheck])
    @given(st.from_regex(form, alphabet=st.characters(max_codepoint=127)))
    def matches_alike(text: str) -> None:
        assert [*map(str, pattern.finditer(text))] == [*map(str, form.finditer(text))]

    matches_alike()


@pytest.mark.parametrize(
    "pattern", [pytest.param(pattern, id=pattern._form[:40]) for pattern in assigned_secrets._ON_ONE_LINE]
)
def test_matches_of_a_search_by_line_are_on_one_line(pattern: KeywordPattern) -> None:
    form = re.compile(pattern._form, pattern._flags)

    @settings(max_examples=5, database=None, deadline=None, suppress_health_check=[*HealthCheck])
    @given(st.from_regex(form, alphabet=st.characters(max_codepoint=127)))
    def on_one_line(text: str) -> None:
        assert not [match[0] for match in form.finditer(text) if "\n" in match[0]]

    on_one_line()
