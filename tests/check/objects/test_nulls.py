"""Nulls."""

from __future__ import annotations

from check.samples import resource, sample
from floe_compiler.check.objects.nulls import check


def test_each_null_is_named() -> None:
    platform = sample()
    platform["Service/dagster"]["spec"]["ports"][0]["nodePort"] = None
    platform["Service/dagster"]["metadata"]["annotations"] = None
    platform.pod("Deployment/dagster")["containers"].append(None)
    name = "Service floe-platform/dagster"
    assert sorted(platform.findings(check)) == [
        ("C162", "Deployment.apps floe-platform/dagster", "spec.template.spec.containers[1] is null"),
        ("C162", name, "metadata.annotations is null"),
        ("C162", name, "spec.ports[main].nodePort is null"),
    ]


def test_nulls_are_found_in_objects_of_any_kind() -> None:
    platform = sample()
    platform.add(resource("example.com/v1", "Toy", "bear", spec={"a": [{"b": None}]}))
    assert [message for _, _, message in platform.findings(check)] == ["spec.a[0].b is null"]


def test_empty_values_are_not_nulls() -> None:
    platform = sample()
    platform["Service/dagster"]["metadata"]["annotations"] = {"a": ""}
    assert platform.findings(check) == []
