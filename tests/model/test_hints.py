"""Hints and lists stay short."""

from __future__ import annotations

from floe_compiler.model.hints import near, some


def test_a_near_word_is_proposed_and_few_words_are_listed() -> None:
    assert near("dagstr", ["dagster", "polaris"]) == 'did you mean "dagster"?'
    assert near("x", ["dagster", "polaris"]) == "known: dagster, polaris"


def test_among_many_only_a_near_word_is_proposed() -> None:
    many = [f"service-{number}" for number in range(13)]
    assert near("x", many) == ""
    assert near("service1", many).startswith("did you mean")
    assert near("service1", [f"service-{number}" for number in range(301)]) == ""


def test_a_long_list_is_cut() -> None:
    assert some(range(5)) == "0, 1, 2, 3, 4"
    assert some(range(7)) == "0, 1, 2, 3, 4 and 2 more"
