"""The link as a whole: with summaries from a cache, in any order."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from check.samples import NAMESPACE, Platform, resource
from environment_check import facts_of, run_checks, split
from examples import FEW
from floe_compiler.check import check_unit
from floe_compiler.link import RULES, Finding, link, placed
from floe_compiler.model.diagnostics import Related
from floe_compiler.model.objects import ObjectId
from floe_compiler.model.places import Places
from floe_compiler.model.span import Span
from floe_compiler.model.summary import Summary, decode, encode
from link.two_namespaces import CALL, two_namespaces


def summaries(platform: Platform) -> list[Summary]:
    return [check_unit(unit, ()).summary for unit in split(platform.rendered()).values()]


def cut() -> Platform:
    platform = two_namespaces()
    del platform.objects["NetworkPolicy/report-out"]
    return platform


def undeclared() -> Platform:
    platform = two_namespaces()
    platform.facts["connections"] -= {CALL}
    return platform


def elsewhere() -> Platform:
    platform = two_namespaces()
    platform["Service/polaris"]["metadata"]["namespace"] = "sales"
    platform.pod("CronJob/report")["priorityClassName"] = "low"
    platform.add(resource("v1", "ConfigMap", "lost", "nowhere", data={}))
    return platform


BROKEN = [cut, undeclared, elsewhere]


def test_two_namespaces_pass_every_check() -> None:
    assert run_checks(two_namespaces().rendered()) == ()


@pytest.mark.parametrize("broken", [two_namespaces, *BROKEN])
def test_a_summary_is_decoded_equal(broken: Callable[[], Platform]) -> None:
    for summary in summaries(broken()):
        assert decode(encode(summary)) == summary
        assert encode(decode(encode(summary))) == encode(summary)


@pytest.mark.parametrize("broken", BROKEN)
def test_decoded_summaries_give_the_same_findings(broken: Callable[[], Platform]) -> None:
    platform = broken()
    facts, summaries_ = facts_of(platform.rendered()), summaries(platform)
    findings = link(facts, summaries_)
    assert findings
    assert link(facts, [decode(encode(summary)) for summary in summaries_]) == findings
    assert {finding.rule for finding in findings} <= set(RULES)


@given(st.permutations(range(3)))
@FEW
def test_the_order_of_units_does_not_matter(order: list[int]) -> None:
    platform = elsewhere()
    summaries_ = [summary for summary in summaries(platform) if summary.unit in ("", NAMESPACE, "sales")]
    facts = facts_of(platform.rendered())
    assert link(facts, [summaries_[position] for position in order]) == link(facts, summaries_)


def test_a_summary_is_small_and_holds_no_manifest() -> None:
    (domain,) = (summary for summary in summaries(two_namespaces()) if summary.unit == "sales")
    assert len(encode(domain)) < 2048
    assert b"backoffLimit" not in encode(domain)


def test_a_finding_is_at_the_origin_of_its_object() -> None:
    about = ObjectId("apps", "Deployment", NAMESPACE, "polaris")
    origin, patch = Span("platform-manifest.yaml", 9, 3), Span("overlays/prod/patch.yaml", 3, 1)
    places = Places("prod", {str(about): origin}, {}, {ObjectId("", "Service", NAMESPACE, "db"): (patch,)})
    looked_up: list[str] = []

    def of(unit: str) -> Places:
        looked_up.append(unit)
        return places

    finding = Finding(RULES[0], NAMESPACE, about, "it names db", "a hint")
    (finding_,) = placed([finding, finding], of)
    assert (finding_.subject, finding_.span, finding_.hint) == (f"prod: {about}", origin, "a hint")
    assert finding_.related == (Related(patch, f"removes Service {NAMESPACE}/db"),)
    assert looked_up == [NAMESPACE], "places are looked up once for each unit, and only for findings"
