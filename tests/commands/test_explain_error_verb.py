"""`floe-compile explain-error` explains a message."""

import pytest

from floe_compiler.cli import main


@pytest.mark.parametrize("text_", ["R012", "r012", "platform-manifest.yaml:11:11: error[R012]: catalog polaris needs"])
def test_a_code_or_a_whole_message_is_explained(text_: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain-error", text_]) == 0
    text = capsys.readouterr().out
    assert text.startswith("R012: unmet requirement (error)\n\nA component needs")
    assert "\nFor example:\n\nplatform-manifest.yaml:" in text
    assert "\n  hint: fill the slot `storage`" in text


def test_the_text_is_that_of_the_verb_rules(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain-error", "W003"]) == 0
    explained = capsys.readouterr().out
    assert main(["rules", "W003"]) == 0
    assert capsys.readouterr().out == explained


def test_a_message_without_a_code_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain-error", "error[R999]: nothing"]) == 2
    assert capsys.readouterr().err.startswith("floe-compile: there is no rule R999")
    assert main(["explain-error"]) == 2


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        ("r12", 'did you mean "R012"?'),
        ("R0012", 'did you mean "R012"?'),
        ("X012", 'did you mean "W012"?'),
        ("R9999", "floe-compile rules lists them all"),
    ],
)
def test_an_abbreviated_code_is_found(code: str, hint: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain-error", code]) == 2
    assert capsys.readouterr().err == f"floe-compile: there is no rule {code}; {hint}\n"
