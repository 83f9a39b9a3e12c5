"""The checks as a whole."""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest
from msgspec.structs import replace

from check.samples import MEMORY, Platform, resource, sample
from environment_check import run_checks, split
from floe_compiler.check import RULES, check_unit
from floe_compiler.check.index import build_index
from floe_compiler.check.registry import ABOUT_ONE_OBJECT
from floe_compiler.model.diagnostics import Diagnostic, Related, StageFailed
from floe_compiler.model.object_memory import remembering
from floe_compiler.model.objects import ObjectId, ObjectSet
from floe_compiler.model.span import Span
from floe_compiler.model.value_spans import Patch


def test_the_sample_platform_passes_every_check() -> None:
    assert run_checks(sample().rendered()) == ()


def test_codes_are_unique_and_of_this_stage() -> None:
    codes = [rule.code for rule in RULES]
    assert sorted(codes) == sorted(set(codes))
    assert all(re.fullmatch("C[0-9]{3}", code) for code in codes)


def test_errors_of_all_rules_come_together_with_the_warnings() -> None:
    platform = sample()
    platform["Deployment/polaris"]["spec"]["replicas"] = 1
    platform.container("Deployment/polaris")["image"] = "ghcr.io/acme/server:latest"
    platform["ConfigMap/polaris"]["metadata"]["labels"].pop("app.kubernetes.io/part-of")
    with pytest.raises(StageFailed) as failure:
        run_checks(platform.rendered())
    assert [diagnostic.rule.code for diagnostic in failure.value.diagnostics] == ["C016", "C090", "C093", "C150"]


def test_a_value_of_the_wrong_type_is_not_reported_as_missing_too() -> None:
    platform = sample()
    platform.container("Deployment/polaris")["securityContext"] = "strict"
    assert [failure.message for failure in failures(platform)] == [
        "spec.template.spec.containers[polaris].securityContext must be a mapping"
    ]


def test_a_number_in_quotes_is_checked_as_a_number() -> None:
    platform = sample()
    platform["Deployment/polaris"]["spec"]["replicas"] = "1"
    assert sorted(failure.rule.code for failure in failures(platform)) == ["C001", "C090", "C093"]


def test_warnings_alone_do_not_fail() -> None:
    platform = sample()
    platform["ConfigMap/polaris"]["metadata"]["labels"].pop("app.kubernetes.io/part-of")
    assert [finding.rule.code for finding in run_checks(platform.rendered())] == ["C016"]


POLARIS = "Deployment.apps floe-platform/polaris"
CHOICE = Span("platform-manifest.yaml", 9, 3)


def failures(platform: Platform) -> tuple[Diagnostic, ...]:
    with pytest.raises(StageFailed) as failure:
        run_checks(platform.rendered())
    return failure.value.diagnostics


def only_finding(platform: Platform) -> Diagnostic:
    (finding,) = failures(platform)
    return finding


def test_a_finding_is_where_its_object_comes_from() -> None:
    platform = sample()
    platform.container("Deployment/polaris")["image"] = "ghcr.io/acme/server"
    platform.facts["origins"] = {POLARIS: CHOICE}
    finding = only_finding(platform)
    assert finding.subject == f"prod: {POLARIS}"
    assert (finding.span, finding.hint, finding.related) == (CHOICE, "give it an exact tag, or a digest", ())


FIRST, LAST = Span("base/patch.yaml", 3, 1), Span("overlays/prod/patch.yaml", 3, 1)
IMAGE = "spec.template.spec.containers[polaris].image"


def patched(*values: dict[str, Span]) -> tuple[Patch, ...]:
    """Return patches that changed these values."""
    return tuple(Patch(span, changed) for span, changed in zip((FIRST, LAST), values, strict=False))


def test_a_finding_about_a_patched_value_is_at_the_last_patch_that_changed_it() -> None:
    platform = sample()
    platform.container("Deployment/polaris")["image"] = "ghcr.io/acme/server"
    first, last = Span("base/patch.yaml", 9, 8), Span("overlays/prod/patch.yaml", 7, 8)
    changes = patched({IMAGE: first}, {IMAGE: last, "metadata.annotations.a": LAST})
    platform.facts |= {"origins": {POLARIS: CHOICE}, "patched": {POLARIS: changes}}
    finding = only_finding(platform)
    assert finding.span == last
    assert finding.related == (Related(first, "patched here, too"), Related(CHOICE, "rendered for this"))


def test_a_patch_is_not_blamed_for_a_value_that_it_did_not_change() -> None:
    platform = sample()
    platform.container("Deployment/polaris")["image"] = "ghcr.io/acme/server"
    changes = patched({"metadata.annotations.a": FIRST}, {"spec.replicas": LAST})
    platform.facts |= {"origins": {POLARIS: CHOICE}, "patched": {POLARIS: changes}}
    finding = only_finding(platform)
    assert (finding.span, finding.related) == (CHOICE, ())


@pytest.mark.parametrize(("before", "blamed"), [("web", CHOICE), ("none", LAST)])
def test_a_finding_without_a_value_is_at_the_patch_that_causes_it(before: str, blamed: Span) -> None:
    platform = sample()
    budget = {"maxUnavailable": 1, "selector": {"matchLabels": {"tier": "web"}}}
    platform.add(resource("policy/v1", "PodDisruptionBudget", "second", spec=budget))
    platform.facts |= {"origins": {POLARIS: CHOICE}}
    labels = platform["Deployment/polaris"]["spec"]["template"]["metadata"]["labels"]
    units = []
    for tier in (before, "web"):
        labels["tier"] = tier
        units.append(copy.deepcopy(platform.rendered()))
    changes = patched({"metadata.annotations.a": FIRST}, {"spec.template.metadata.labels.tier": LAST})
    unit = replace(units[1], unpatched=units[0].objects, patched={POLARIS: changes})
    (finding,) = (finding for finding in check_unit(unit, ()).findings if "selected by the budgets" in finding.message)
    assert finding.span == blamed


def test_a_finding_about_what_a_patch_removed_is_at_that_patch() -> None:
    platform = sample()
    del platform.objects["ResourceQuota/quota"]
    patch = Span("overlays/prod/patch.yaml", 3, 1)
    platform.facts["removed"] = {ObjectId("", "ResourceQuota", "floe-platform", "quota"): (patch,)}
    finding = only_finding(platform)
    assert (finding.rule.code, finding.span) == ("C084", patch)


@pytest.mark.parametrize(
    ("kind", "name", "explains"),
    [
        ("ConfigMap", "polaris", False),  # only the removal of the account breaks its name
        ("ConfigMap", "other", False),
        ("ServiceAccount", "nobody", True),
        ("ServiceAccount", "nobody-else", False),
    ],
)
def test_a_removal_is_named_where_it_may_explain_the_finding(kind: str, name: str, explains: bool) -> None:
    platform = sample()
    platform.pod("Deployment/polaris")["serviceAccountName"] = "nobody"
    patch = Span("overlays/prod/patch.yaml", 3, 1)
    platform.facts |= {"origins": {POLARIS: CHOICE}, "removed": {ObjectId("", kind, "floe-platform", name): (patch,)}}
    finding = next(finding for finding in failures(platform) if finding.rule.code == "C044")
    assert finding.span == CHOICE
    assert [related.span for related in finding.related] == ([patch] if explains else [])


def test_a_removed_object_of_the_same_name_explains_a_missing_reference() -> None:
    platform = sample()
    del platform.objects["Deployment/polaris"]
    patch = Span("overlays/prod/patch.yaml", 3, 1)
    platform.facts["removed"] = {ObjectId("apps", "Deployment", "floe-platform", "polaris"): (patch,)}
    finding = next(finding for finding in failures(platform) if "Service floe-platform/polaris" in finding.subject)
    assert (finding.rule.code, finding.span) == ("C020", patch)


MALFORMED: tuple[Any, ...] = (
    None,
    0,
    "text",
    [],
    [None],
    ["text"],
    [[]],
    [{}],
    {},
    {"name": None},
    {"spec": 1},
    True,
    1.5,
)

# The identity of an object; without it, two objects would be one.
IDENTITY = (("apiVersion",), ("kind",), ("metadata",), ("metadata", "name"), ("metadata", "namespace"))


def _places(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    places = [path] if path else []
    if isinstance(value, dict):
        return places + [place for key, item in value.items() for place in _places(item, (*path, key))]
    if isinstance(value, list):
        return places + [place for position, item in enumerate(value) for place in _places(item, (*path, position))]
    return places


@pytest.mark.parametrize("every", [3, pytest.param(1, marks=pytest.mark.thorough)])
def test_no_rule_stumbles_over_malformed_objects(every: int) -> None:
    """In the gate, every third place is malformed, in each of the ways."""
    places = {
        key: [path for path in _places(manifest) if path not in IDENTITY] for key, manifest in sample().objects.items()
    }
    for number in range(0, max(map(len, places.values())), every):
        platform = sample()
        for key, paths in places.items():
            if number < len(paths):
                _set(platform[key], paths[number], MALFORMED[number % len(MALFORMED)])
        with remembering(MEMORY):
            for unit in split(platform.rendered()).values():
                check_unit(unit, ())


def _set(value: Any, path: tuple[str | int, ...], new: object) -> None:
    for step in path[:-1]:
        value = value[step]
    value[path[-1]] = new


def test_an_empty_environment_passes() -> None:
    platform = sample()
    platform.objects = {}
    platform.facts = {}
    assert run_checks(platform.rendered()) == ()


def test_an_object_that_json_cannot_hold_is_refused_without_a_crash() -> None:
    platform = sample()
    platform["ConfigMap/polaris"]["data"][8080] = "x"
    rendered = platform.rendered()
    assert isinstance(rendered.objects, ObjectSet)
    with pytest.raises(StageFailed) as failure:
        run_checks(rendered)
    assert {diagnostic.rule.code for diagnostic in failure.value.diagnostics} == {"C001"}


def wrong_objects() -> Platform:
    """Return the sample, in an old version, with objects that break the rules about single objects."""
    platform = sample()
    platform.facts |= {"kubernetes_version": "1.30", "delivery_tool": "flux"}
    twice = {"port": 80, "name": "http"}
    ports = {"ports": [twice, twice], "internalTrafficPolicy": "Nearby", "trafficDistribution": "PreferClose"}
    platform.add(resource("v1", "Service", "wrong", spec=ports))
    platform.add(resource("v1", "ResourceQuota", "wrong", spec={"hard": {"requests.cpu": "1000m"}}))
    local = platform.add(resource("v1", "ConfigMap", "wrong", data={"key": "value"}))
    local["metadata"]["annotations"] = {"config.kubernetes.io/local-config": "true"}
    pod = {"metadata": {"labels": {"a": "-"}}, "spec": {"containers": [{"name": "Not_A_Label", "image": "a:1"}]}}
    platform.add(resource("batch/v1", "CronJob", "wrong", spec={"jobTemplate": {"spec": {"template": pod}}}))
    return platform


def test_rules_about_one_object_need_only_that_object() -> None:
    rendered, modules = wrong_objects().rendered(), set[str]()
    for unit in split(rendered).values():
        index = build_index(unit)
        for module in ABOUT_ONE_OBJECT:
            findings = list(module.check(index))
            assert findings == [
                finding for identity in index.objects for finding in module.check(index.only([identity]))
            ]
            modules |= {module.__name__ for _ in findings}  # type: ignore[attr-defined]
    assert len(modules) == len(ABOUT_ONE_OBJECT), "each module finds something here"


def test_objects_known_to_be_sound_are_not_checked_again() -> None:
    for unit in split(wrong_objects().rendered()).values():
        first = check_unit(unit, ())
        wrong = {identity for identity in unit.objects.by_id if identity.name == "wrong"}
        assert first.sound == unit.objects.by_id.keys() - wrong
        sound = [unit.objects.by_id[identity] for identity in first.sound]
        assert check_unit(unit, (), lambda manifest, sound=sound: manifest in sound) == first  # type: ignore[misc]
        # Objects declared sound are trusted, so the rules do not see them.
        trusting = check_unit(unit, (), lambda _: True)
        assert {finding.rule.code for finding in first.findings} - {
            finding.rule.code for finding in trusting.findings
        } <= {rule.code for module in ABOUT_ONE_OBJECT for rule in module.RULES}
