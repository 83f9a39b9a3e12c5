"""What programs read: JSON, annotations of GitHub Actions, and SARIF."""

import json
import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from floe_compiler.model.diagnostics import Diagnostic
from floe_compiler.model.span import Span
from floe_compiler.report.github import render_github, without_commands
from floe_compiler.report.json_format import render_json
from floe_compiler.report.outcome import MOST_OF_A_RULE, Outcome, first_of_each_rule, without_warnings
from floe_compiler.report.sarif import render_sarif
from floe_compiler.report.terminal import plain, visible
from floe_compiler.report.text import render_problems
from report.samples import ERROR, OUTCOME, UNKNOWN, WARNING


def test_json_has_all_fields() -> None:
    document = json.loads(render_json(OUTCOME))
    assert document["format"] == 1
    assert document["summary"] == {"text": "done", "errors": 1, "warnings": 1}
    assert (document["created"], document["changed"], document["deleted"]) == (["output/dev/b"], [], ["output/dev/a"])
    assert document["diagnostics"][0] == {
        "code": "R012",
        "severity": "error",
        "title": "unknown component",
        "message": 'catalog type "polari" is not known',
        "hint": 'did you mean "polaris"?',
        "subject": "",
        "span": {"file": "domains/sales/domain.yaml", "line": 2, "column": 9},
        "related": [
            {"file": "platform-manifest.yaml", "line": 3, "column": 9, "note": "the platform's catalog"},
        ],
    }
    assert document["diagnostics"][1]["span"] is None


def test_github_gets_an_annotation_for_each_diagnostic() -> None:
    lines = render_github(OUTCOME).splitlines()
    assert lines[0] == (
        "::error file=domains/sales/domain.yaml,line=2,col=9,title=R012 unknown component::"
        'catalog type "polari" is not known%0Ahint: did you mean "polaris"?'
    )
    assert lines[1] == "::warning title=C100 odd thing::prod: Deployment floe-platform/polaris: has no probe"


@given(st.text(min_size=1))
def test_no_text_ends_an_annotation_or_begins_another(text: str) -> None:
    diagnostic = replace(ERROR, message=text, hint=text, span=Span(text, 1, 1))
    [command] = render_github(Outcome((diagnostic,))).removesuffix("\n").split("\n")
    head, _, message = command.removeprefix("::error ").partition("::")
    assert "\r" not in command
    properties = dict(part.split("=", 1) for part in head.split(","))
    assert list(properties) == ["file", "line", "col", "title"]

    def unescape(escaped: str) -> str:
        for code, character in (("%2C", ","), ("%3A", ":"), ("%0A", "\n"), ("%0D", "\r"), ("%25", "%")):
            escaped = escaped.replace(code, character)
        return escaped

    assert unescape(properties["file"]) == visible(text)
    assert unescape(message) == visible(f"{text}\nhint: {text}")


def test_text_cannot_be_taken_for_workflow_commands() -> None:
    text = without_commands("::error::forged\n")
    start, forged, end, _ = text.split("\n")
    marker = re.fullmatch(r"::stop-commands::(\w{32})", start)
    assert marker
    assert (forged, end) == ("::error::forged", f"::{marker[1]}::")
    assert without_commands("") != without_commands("")


def test_sarif_names_rules_and_places() -> None:
    log = json.loads(render_sarif(OUTCOME, "1.2.3"))
    assert (log["version"], log["$schema"]) == ("2.1.0", "https://json.schemastore.org/sarif-2.1.0.json")
    [run] = log["runs"]
    driver = run["tool"]["driver"]
    assert (driver["name"], driver["semanticVersion"]) == ("floe-compile", "1.2.3")
    assert [(rule["id"], rule["defaultConfiguration"]["level"]) for rule in driver["rules"]] == [
        ("C100", "warning"),
        ("R012", "error"),
    ]
    error, warning = run["results"]
    assert error["ruleId"] == "R012"
    assert error["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "domains/sales/domain.yaml"},
                "region": {"startLine": 2, "startColumn": 9},
            }
        }
    ]
    assert error["relatedLocations"][0]["message"] == {"text": "the platform's catalog"}
    assert warning["locations"][0]["physicalLocation"]["artifactLocation"] == {"uri": "platform-manifest.yaml"}
    assert warning["message"] == {"text": "prod: Deployment floe-platform/polaris: has no probe"}


def fingerprints(*diagnostics: object) -> list[str]:
    log = json.loads(render_sarif(Outcome(diagnostics), "1"))  # type: ignore[arg-type]
    return [result["partialFingerprints"]["primaryLocationLineHash"] for result in log["runs"][0]["results"]]


def test_fingerprints_survive_moved_lines_and_tell_results_apart() -> None:
    moved = replace(ERROR, span=Span("domains/sales/domain.yaml", 99, 1))
    assert fingerprints(ERROR) == fingerprints(moved)
    assert fingerprints(WARNING) == fingerprints(replace(WARNING, message="other words"))
    different = fingerprints(ERROR, moved, WARNING, replace(WARNING, subject="other"))
    assert len(set(different)) == 4


def test_an_empty_sarif_log_is_still_a_run() -> None:
    assert json.loads(render_sarif(Outcome(), "1"))["runs"][0]["results"] == []


def test_sarif_names_files_whose_names_are_not_utf_8() -> None:
    diagnostic = Diagnostic(UNKNOWN, "wrong", Span("domains/\udcff.yaml"))
    (result,) = json.loads(render_sarif(Outcome((diagnostic,)), "1.0.0"))["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "domains/%FF.yaml"


def test_only_the_first_findings_of_a_rule_are_given() -> None:
    many = tuple(replace(ERROR, span=Span("a.yaml", line)) for line in range(1, 81))
    outcome = first_of_each_rule(Outcome((*many, WARNING)))
    assert outcome.diagnostics == (*many[:MOST_OF_A_RULE], WARNING)
    assert (outcome.errors, outcome.warnings) == (80, 1)
    assert json.loads(render_json(outcome))["left_out"] == {"R012": 30}
    assert json.loads(render_sarif(outcome, "1.0.0"))["runs"][0]["properties"] == {"leftOut": {"R012": 30}}
    assert "::error title=R012 unknown component::30 more findings of this rule, not shown\n" in render_github(outcome)
    assert render_problems(outcome, Path(), plain).endswith("error[R012]: 30 more findings of this rule, not shown\n\n")
    assert without_warnings(outcome).errors == 80
