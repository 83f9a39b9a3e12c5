"""Labels, annotations and what selectors may name."""

from __future__ import annotations

import pytest

from check.samples import sample
from floe_compiler.check.objects.labels import check
from floe_compiler.model.objects import Object

VERSION = "app.kubernetes.io/version"


@pytest.mark.parametrize(
    ("key", "value"),
    [("ok", "not ok"), ("not ok", "ok"), ("a/b/c", "ok"), ("ok", "x" * 64)],
)
def test_invalid_labels_are_reported(key: str, value: str) -> None:
    platform = sample()
    platform["Service/dagster"]["metadata"]["labels"][key] = value
    assert [(code, subject) for code, subject, _ in platform.findings(check)] == [
        ("C015", "Service floe-platform/dagster")
    ]


def test_labels_of_pods_are_checked_too() -> None:
    platform = sample()
    platform["CronJob/backup"]["spec"]["jobTemplate"]["spec"]["template"]["metadata"]["labels"]["a"] = "b c"
    ((code, _, message),) = platform.findings(check)
    assert code == "C015"
    assert message.startswith("spec.jobTemplate.spec.template.metadata.labels.a: ")


def test_invalid_annotation_keys_are_reported() -> None:
    platform = sample()
    platform["Service/dagster"]["metadata"]["annotations"] = {"Example.com/Key": "any text, of any length"}
    assert platform.findings(check) == []
    platform["Service/dagster"]["metadata"]["annotations"] = {"not ok": ""}
    assert [code for code, _, _ in platform.findings(check)] == ["C015"]


def test_missing_recommended_labels_are_named() -> None:
    platform = sample()
    platform["Service/dagster"]["metadata"]["labels"] = {"app.kubernetes.io/name": "dagster"}
    ((code, _, message),) = platform.findings(check)
    prefix = "app.kubernetes.io/"
    missing = ", ".join(prefix + name for name in ("instance", "component", "part-of", "managed-by"))
    assert (code, message) == ("C016", f"metadata.labels lacks {missing}")


@pytest.mark.parametrize(
    ("key", "steps"),
    [
        ("Service/dagster", ("spec", "selector")),
        ("Deployment/dagster", ("spec", "selector", "matchLabels")),
        ("PodDisruptionBudget/dagster", ("spec", "selector", "matchLabels")),
        ("NetworkPolicy/dagster-out", ("spec", "podSelector", "matchLabels")),
    ],
)
def test_a_selector_with_the_version_is_reported(key: str, steps: tuple[str, ...]) -> None:
    platform = sample()
    selector: Object = platform[key]
    for step in steps:
        selector = selector[step]
    selector[VERSION] = "1.2.3"
    place = "spec." + steps[1]
    assert [(code, message) for code, _, message in platform.findings(check)] == [("C017", f"{place} names {VERSION}")]


def test_an_expression_with_the_version_is_reported() -> None:
    platform = sample()
    expressions = [{"key": VERSION, "operator": "Exists"}]
    platform["PodDisruptionBudget/dagster"]["spec"]["selector"]["matchExpressions"] = expressions
    assert [code for code, _, _ in platform.findings(check)] == ["C017"]


def test_the_version_may_be_a_label() -> None:
    platform = sample()
    platform["Deployment/dagster"]["metadata"]["labels"][VERSION] = "1.2.3"
    assert platform.findings(check) == []


def test_a_custom_resource_definition_needs_no_recommended_labels() -> None:
    platform = sample()
    definition = platform.copy_of("Namespace/floe-platform", "toys.example.com")
    definition |= {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition"}
    definition["metadata"]["labels"] = {}
    assert platform.findings(check) == []
