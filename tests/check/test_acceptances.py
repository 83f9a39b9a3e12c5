"""Warnings about an object that its annotations accept."""

from __future__ import annotations

from check.samples import Platform, resource, sample
from environment_check import split
from floe_compiler.check import check_unit

TOY = "Toy.example.com floe-platform/bear"


def findings_of(platform: Platform) -> list[tuple[str, str, str]]:
    findings = [finding for unit in split(platform.rendered()).values() for finding in check_unit(unit, ()).findings]
    return [(finding.rule.code, finding.subject.removeprefix("prod: "), finding.message) for finding in findings]


def toy(**annotations: str) -> Platform:
    platform = sample()
    bear = platform.add(resource("example.com/v1", "Toy", "bear", spec={"size": 1}))
    bear["metadata"]["annotations"] = {f"floe.dev/accept-{code}": reason for code, reason in annotations.items()}
    return platform


def test_a_warning_is_accepted_with_a_reason() -> None:
    assert findings_of(toy()) == [("C002", TOY, "example.com/v1 Toy has no known schema")]
    assert findings_of(toy(C002="no definition is published")) == []


def test_a_warning_is_not_accepted_without_a_reason() -> None:
    assert findings_of(toy(C002=" ")) == [
        ("C002", TOY, "example.com/v1 Toy has no known schema"),
        ("C009", TOY, "metadata.annotations[floe.dev/accept-C002] gives no reason"),
    ]


def test_an_acceptance_that_accepts_nothing_is_reported() -> None:
    assert findings_of(toy(C002="none is published", C005="we wait for 1.40")) == [
        ("C009", TOY, "metadata.annotations[floe.dev/accept-C005] accepts a warning, but there is none")
    ]


def test_an_error_is_not_accepted() -> None:
    platform = sample()
    account = platform.add(resource("v1", "ServiceAccount", "lost", ""))
    account["metadata"]["annotations"] = {"floe.dev/accept-C011": "so be it"}
    assert [code for code, _, _ in findings_of(platform)] == ["C011", "C009"]
