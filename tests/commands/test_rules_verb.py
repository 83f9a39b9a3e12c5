"""Every rule has its own code, an explanation, and an entry in docs/rules.md."""

import json
import re
from collections import Counter
from importlib import resources
from pathlib import Path

import pytest

from floe_compiler.cli import main
from floe_compiler.commands.rules import STAGES, all_rules, examples, render_markdown

PAGE = Path(__file__).parents[2] / "docs/rules.md"


def test_every_code_is_declared_once() -> None:
    codes = Counter(rule.code for rule in all_rules())
    assert len(codes) > 10
    assert [code for code, times in codes.items() if times > 1] == []


def test_every_rule_that_some_module_declares_is_listed() -> None:
    package = Path(str(resources.files("floe_compiler")))
    declared = {code for path in package.rglob("*.py") for code in re.findall(r' = Rule\(\s*"(\w+)"', path.read_text())}
    assert declared - {rule.code for rule in all_rules()} == set()


def test_every_rule_has_its_texts() -> None:
    for rule in all_rules():
        assert re.fullmatch(r"[A-Z]\d{3}", rule.code), rule
        assert rule.code[0] in STAGES, rule
        assert rule.title, rule
        assert not rule.title.endswith("."), rule
        assert rule.explanation.endswith((".", ".)")), rule


def test_the_page_is_fresh() -> None:
    assert PAGE.read_text() == render_markdown(all_rules()), "run: make docs"


def test_rules_are_listed_in_the_order_of_the_stages(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules"]) == 0
    lines = capsys.readouterr().out.splitlines()
    letters = [line[0] for line in lines]
    assert letters == sorted(letters, key=list(STAGES).index)
    assert "W003  error    compiled file edited by hand" in lines
    assert "W005  warning  foreign file in the output" in lines


def test_one_rule_is_explained_whatever_the_case(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "w003"]) == 0
    text = capsys.readouterr().out
    assert text.startswith("W003: compiled file edited by hand (error)\n\nA file under output/")
    assert all(len(line) <= 80 for line in text.splitlines())


def test_an_unknown_rule_is_wrong_usage_with_a_guess(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "W0003"]) == 2
    assert capsys.readouterr().err == 'floe-compile: there is no rule W0003; did you mean "W003"?\n'


def test_a_code_without_a_similar_one_lists_no_codes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "schema"]) == 2
    assert capsys.readouterr().err == "floe-compile: there is no rule schema; floe-compile rules lists them all\n"


def test_rules_are_printed_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "W003", "--format", "json"]) == 0
    [rule] = json.loads(capsys.readouterr().out)
    assert (rule["code"], rule["severity"]) == ("W003", "error")


def test_the_page_is_what_the_command_prints(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "--format", "markdown"]) == 0
    text = capsys.readouterr().out
    assert "\n## W: Writing the output\n" in text
    assert "\n### W005: foreign file in the output (warning)\n" in text


def test_each_example_is_a_report_of_its_rule_with_a_hint() -> None:
    codes = {rule.code for rule in all_rules()}
    examples_ = examples()
    assert examples_.keys() <= codes
    assert len(examples_) > len(codes) / 2
    for code, text in examples_.items():
        assert re.match(rf"\S.*(error|warning)\[{code}\]: ", text), text
    without = {code for code, text in examples_.items() if "\n  hint: " not in text}
    assert without <= {"R070"}, "every finding says what to do"
