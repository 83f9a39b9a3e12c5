"""Objects that are the same for a cluster."""

from __future__ import annotations

import copy

from check.samples import sample
from floe_compiler.check.objects.identity import check


def test_an_object_in_its_old_group_beside_the_new_one_is_there_twice() -> None:
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


def test_kinds_that_only_share_a_name_are_two_objects() -> None:
    platform = sample()
    other = copy.deepcopy(platform["Service/dagster"])
    other["apiVersion"] = "serving.knative.dev/v1"
    platform.objects["other"] = other
    assert platform.findings(check) == []


def test_an_object_in_its_old_group_alone_is_there_once() -> None:
    platform = sample()
    platform["Ingress/dagster"]["apiVersion"] = "extensions/v1beta1"
    assert platform.findings(check) == []
