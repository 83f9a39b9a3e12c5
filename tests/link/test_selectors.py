"""Peers of policies in other namespaces."""

from __future__ import annotations

import pytest

from check.samples import NAMESPACE
from floe_compiler.link.selectors import check
from link.two_namespaces import DOMAIN, in_namespace, two_namespaces

POLICY = "NetworkPolicy.networking.k8s.io sales/report-out"


def test_existing_peers_are_accepted() -> None:
    assert two_namespaces().findings(check) == []


@pytest.mark.parametrize(("namespace", "name"), [(NAMESPACE, "polarys"), (DOMAIN, "polaris")])
def test_peers_missing_in_their_namespace_are_reported(namespace: str, name: str) -> None:
    platform = two_namespaces()
    platform["NetworkPolicy/report-out"]["spec"]["egress"][0]["to"] = [in_namespace(namespace, name)]
    message = f"a podSelector in spec.egress matches no pod in {namespace}"
    assert platform.findings(check) == [("C020", POLICY, message)]
    assert platform.hints(check) == [f"it selects app.kubernetes.io/component={name}, app.kubernetes.io/name={name}"]


def test_peers_in_an_external_namespace_are_accepted() -> None:
    platform = two_namespaces()
    platform["NetworkPolicy/report-out"]["spec"]["egress"][0]["to"] = [in_namespace("monitoring", "prometheus")]
    assert platform.findings(check) == []


def test_peers_may_be_in_any_of_several_namespaces() -> None:
    platform = two_namespaces()
    key = {"key": "kubernetes.io/metadata.name", "operator": "In", "values": [DOMAIN, NAMESPACE]}
    peer = in_namespace(NAMESPACE, "polaris") | {"namespaceSelector": {"matchExpressions": [key]}}
    platform["NetworkPolicy/report-out"]["spec"]["egress"][0]["to"] = [peer]
    assert platform.findings(check) == []
