"""A problem of a kind is reported once."""

from __future__ import annotations

from floe_compiler.model.diagnostics import Diagnostic, Rule
from floe_compiler.model.repeated_findings import once_for_each_kind
from floe_compiler.model.span import Span

KIND, OTHER = Rule("C002", "", "", "warning"), Rule("C016", "", "", "warning")


def finding(name: str, line: int, rule: Rule = KIND, message: str = "Toy has no known schema") -> Diagnostic:
    return Diagnostic(rule, message, Span("base/toys.yaml", line), f"dev: Toy.acme.example {name}")


def findings_of(*findings: Diagnostic) -> list[tuple[str, str]]:
    return [(finding_.subject, finding_.message) for finding_ in once_for_each_kind(findings)]


def test_the_first_object_of_a_kind_is_named() -> None:
    findings_ = findings_of(finding("b", 5), finding("a", 1), finding("c", 9))
    assert findings_ == [("dev: Toy.acme.example a", "Toy has no known schema; there are 2 more objects of this kind")]
    findings_ = findings_of(finding("a", 1), finding("c", 9))
    assert findings_ == [("dev: Toy.acme.example a", "Toy has no known schema; there is 1 more object of this kind")]


def test_findings_of_other_kinds_and_rules_are_reported() -> None:
    every = (finding("a", 1), finding("b", 2, message="Ball"), finding("a", 1, OTHER), finding("b", 2, OTHER))
    assert once_for_each_kind(every) == every
