"""Objects that are the same for a cluster."""

from __future__ import annotations

import copy

from check.samples import sample
from floe_compiler.check.objects.identity import check


def test_an_object_in_an_old_and_a_new_group_is_a_duplicate() -> None:
    platform = sample()
    old = copy.deepcopy(platform["Ingress/dagster"])
    old["apiVersion"] = "extensions/v1beta1"
    platform.objects["old"] = old
    assert platform.findings(check) == [
        (
            "C010",
            "Ingress.extensions floe-platform/dagster",
            "is the same object as Ingress.networking.k8s.io floe-platform/dagster",
        )
    ]


def test_kinds_that_share_only_a_name_are_different_objects() -> None:
    platform = sample()
    other = copy.deepcopy(platform["Service/dagster"])
    other["apiVersion"] = "serving.knative.dev/v1"
    platform.objects["other"] = other
    assert platform.findings(check) == []


def test_an_object_in_an_old_group_alone_is_no_duplicate() -> None:
    platform = sample()
    platform["Ingress/dagster"]["apiVersion"] = "extensions/v1beta1"
    assert platform.findings(check) == []
