"""The questions for a new mesh: every default is a valid answer, and others are refused with the reason."""

from __future__ import annotations

import pytest

from floe_compiler.start.answers import QUESTIONS, answers_of, check_names, check_url


def test_a_default_is_an_answer() -> None:
    answers = answers_of({"name": "acme"})
    for question in QUESTIONS:
        answer = getattr(answers, question.field)
        assert question.wrong(answer if isinstance(answer, str) else ",".join(answer)) == "", question.field


def test_defaults_follow_from_answers() -> None:
    answers = answers_of({"name": "acme", "storage": "none", "orchestrator": "kubernetes"})
    assert answers.registry == "ghcr.io/acme"
    assert answers.repository == "https://github.com/acme/data-platform.git"
    assert not answers.has_databases


def test_environments_may_have_spaces_between_them() -> None:
    assert answers_of({"environments": "dev, prod"}).environments == ("dev", "prod")


@pytest.mark.parametrize("text", ["", "dev,,prod", "Dev", "dev,dev"])
def test_invalid_names_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        check_names(text)


def test_a_name_that_is_much_too_long_is_told_the_limit_of_names() -> None:
    (question,) = (one for one in QUESTIONS if one.field == "name")
    assert question.wrong("a" * 41) == f'"{"a" * 41}" has 41 characters; use at most 40'
    assert question.wrong("a" * 80) == f'"{"a" * 63}..." has 80 characters; use at most 40'


def test_a_comma_too_many() -> None:
    with pytest.raises(ValueError, match="a comma too many"):
        check_names("dev,prod,")


@pytest.mark.parametrize(
    "text", ["git@github.com:a/b", "https://a b", 'https://a"', "http://a/b", "https://a#b", "https://"]
)
def test_invalid_urls_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a URL"):
        check_url(text)


def test_a_url_has_no_password_in_it() -> None:
    with pytest.raises(ValueError, match="there is a password") as wrong:
        check_url("https://me:hunter2@github.com/acme/mesh.git")
    assert "hunter2" not in str(wrong.value)
    assert check_url("ssh://git@github.com:22/acme/mesh.git")


def test_the_shared_services_are_no_domain() -> None:
    (question,) = (question for question in QUESTIONS if question.field == "domain")
    assert "write another name" in question.wrong("platform")
