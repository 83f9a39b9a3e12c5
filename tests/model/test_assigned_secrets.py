"""Values given to secrets in free text; the rule's own test has the examples."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from floe_compiler.model.assigned_secrets import assigned_secrets

WORDS = st.from_regex(r"[a-z][a-z0-9]{4,20}", fullmatch=True).filter(lambda word: word not in {"false", "string"})
FORMS = ["password: {}", "password = {}", "password={}", '"password": "{}"', "PASSWORD='{}'", "a: 1\napi_key: {}\nb: 2"]


@given(WORDS, st.sampled_from(FORMS))
def test_a_literal_is_found_in_any_form(value: str, form: str) -> None:
    assert len(list(assigned_secrets(form.format(value), ()))) == 1


@given(WORDS, st.sampled_from(FORMS))
def test_the_name_of_a_known_secret_is_none(value: str, form: str) -> None:
    assert list(assigned_secrets(form.format(value), {value})) == []


@given(st.text())
def test_no_text_makes_it_stumble(text: str) -> None:
    list(assigned_secrets(text, ()))


@pytest.mark.parametrize("piece", ["a", "-", "a:", "a=", 'a="', "password: a ", " "])
def test_a_large_text_is_fast(piece: str) -> None:
    start = time.perf_counter()
    list(assigned_secrets(piece * (300_000 // len(piece)), ()))
    assert time.perf_counter() - start < 5


def test_the_line_is_counted_from_one() -> None:
    assert list(assigned_secrets("password: hunter2", ())) == [("password", 1)]
    assert list(assigned_secrets("\n# x\npassword: hunter2", ())) == [("password", 3)]
