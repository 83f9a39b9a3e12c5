"""Findings: collected, reported once, and sorted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples import FEW
from floe_compiler.model.diagnostics import (
    Diagnostic,
    Findings,
    FirstError,
    Related,
    Rule,
    StageFailed,
    did_you_mean,
    nearest,
    ordered,
)
from floe_compiler.model.span import Span

WRONG = Rule("X001", "wrong", "It is wrong.")
ODD = Rule("X002", "odd", "It is odd.", severity="warning")
SEVERAL = [
    Diagnostic(rule, message, span)
    for rule in (WRONG, ODD)
    for message in ("a", "b")
    for span in (Span("b.yaml"), Span("a.yaml", 10), Span("a.yaml", 2), None)
]


@given(st.permutations(SEVERAL))
@FEW
def test_findings_are_ordered_by_place_and_those_without_come_last(shuffled: list[Diagnostic]) -> None:
    assert ordered(shuffled) == ordered(SEVERAL)
    places = [diagnostic.span for diagnostic in ordered(shuffled)]
    assert places[:4] == [Span("a.yaml", 2)] * 4
    assert places[-4:] == [None] * 4


def test_each_finding_is_reported_once() -> None:
    assert ordered([SEVERAL[0], SEVERAL[0]]) == (SEVERAL[0],)


def test_the_same_finding_in_several_environments_is_reported_once() -> None:
    def diagnostic(subject: str, message: str = "is odd") -> Diagnostic:
        return Diagnostic(SEVERAL[0].rule, message, Span("base/a.yaml"), subject)

    staging, dev, prod = (diagnostic(f"{name}: Role sales/a") for name in ("staging", "dev", "prod"))
    once = ordered([staging, dev, prod, dev])
    assert once == (diagnostic("dev, prod, staging: Role sales/a"),)
    assert ordered([*ordered([prod, dev]), staging]) == once
    assert len(ordered([dev, diagnostic("prod: Role sales/a", "is odder")])) == 2


def test_one_error_at_one_place_names_all_objects() -> None:
    def diagnostic(rule: Rule, subject: str, span: Span | None) -> Diagnostic:
        return Diagnostic(rule, "it runs one replica", span, subject)

    subjects = [f"prod: Deployment {name}/web" for name in ("finance", "marketing", "sales", "shop")]
    place_ = Span("platform-manifest.yaml", 3, 4)
    (merged,) = ordered(diagnostic(WRONG, subject, place_) for subject in reversed(subjects[:2]))
    assert merged.subject == "prod: Deployment finance/web; prod: Deployment marketing/web"
    (many,) = ordered(diagnostic(WRONG, subject, place_) for subject in subjects)
    assert many.subject == f"{'; '.join(subjects[:3])}; and 1 more"
    # Without a place, the subject is the place. Warnings are accepted object by object.
    assert len(ordered(diagnostic(WRONG, subject, None) for subject in subjects)) == 4
    assert len(ordered(diagnostic(ODD, subject, place_) for subject in subjects)) == 4


def test_one_error_of_a_patch_names_the_origins_of_its_objects() -> None:
    def diagnostic(name: str) -> Diagnostic:
        related = (Related(Span(f"domains/{name}/domain.yaml"), "rendered for this"),)
        return Diagnostic(WRONG, "it is wrong", Span("base/patch.yaml", 3, 4), f"ResourceQuota {name}/q", "", related)

    several = [diagnostic(name) for name in ("finance", "marketing", "sales", "shop")]
    (merged,) = ordered(reversed(several))
    assert merged.subject == "ResourceQuota finance/q; ResourceQuota marketing/q; ResourceQuota sales/q; and 1 more"
    assert [related.span.file for related in merged.related] == [
        f"domains/{name}/domain.yaml" for name in ("finance", "marketing", "sales")
    ]


def test_an_error_fails_the_stage_with_everything_found() -> None:
    findings = Findings()
    findings.add(ODD, "odd")
    assert not findings.failed
    assert [diagnostic.message for diagnostic in findings.finish()] == ["odd"]
    findings.add(WRONG, "wrong", Span("a.yaml"), hint="mend it")
    with pytest.raises(StageFailed) as failed:
        findings.finish()
    assert [diagnostic.message for diagnostic in failed.value.diagnostics] == ["wrong", "odd"]
    assert str(failed.value) == "2 problem(s)"


def test_the_hint_has_the_nearest_word_or_all() -> None:
    assert did_you_mean("polari", ["cube", "polaris"]) == 'did you mean "polaris"?'
    assert did_you_mean("xyz", {"b", "a"}) == "known: a, b"
    assert did_you_mean("xyz", []) == ""


def test_swapped_letters_are_the_likeliest_slip() -> None:
    assert nearest("dtb", ["dlt", "dbt", "custom", "quality"]) == 'did you mean "dbt"?'
    assert nearest("polari", ["polaris", "glue"]) == 'did you mean "polaris"?'
    assert nearest("xyz", ["polaris", "glue"]) == ""


def test_the_first_error_ends_a_stage() -> None:
    findings = FirstError().another()
    findings.add(ODD, "a warning")
    with pytest.raises(StageFailed) as failed:
        findings.add(WRONG, "the first")
    assert [diagnostic.message for diagnostic in failed.value.diagnostics] == ["the first", "a warning"]
