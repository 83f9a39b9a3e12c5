"""Namespaces that some unit renders."""

from __future__ import annotations

import pytest

from check.samples import resource
from floe_compiler.link.namespaces import check
from link.two_namespaces import two_namespaces


def test_every_object_is_in_a_namespace_of_the_environment() -> None:
    assert two_namespaces().findings(check) == []


def test_an_object_in_a_namespace_that_is_not_rendered_is_reported() -> None:
    platform = two_namespaces()
    platform["ConfigMap/polaris"]["metadata"]["namespace"] = "floe-platfrom"
    message = "metadata.namespace: there is no Namespace floe-platfrom in this environment"
    assert platform.findings(check) == [("C013", "ConfigMap floe-platfrom/polaris", message)]
    assert platform.hints(check) == ['did you mean "floe-platform"?']


@pytest.mark.parametrize("namespace", ["default", "kube-system"])
def test_namespaces_of_every_cluster_exist(namespace: str) -> None:
    platform = two_namespaces()
    platform.add(resource("v1", "ConfigMap", "more", namespace, data={}))
    assert platform.findings(check) == []
