"""Peers of NetworkPolicies and their pods."""

from __future__ import annotations

from check.samples import NAMESPACE, sample
from floe_compiler.check.references import selectors
from floe_compiler.link.selectors import check

CHECKS = (selectors.check, check)

GONE = {"app.kubernetes.io/name": "gone"}


def test_a_peer_that_matches_no_pod_of_the_namespaces_it_names() -> None:
    platform = sample()
    peer = platform["NetworkPolicy/dagster-out"]["spec"]["egress"][0]["to"][0]
    peer["podSelector"] = {"matchLabels": GONE}
    expected = f"a podSelector in spec.egress matches no pod in {NAMESPACE}"
    assert [message for _, _, message in platform.findings(*CHECKS)] == [expected]
    peer["namespaceSelector"] = {"matchLabels": {"kubernetes.io/metadata.name": NAMESPACE}}
    assert [message for _, _, message in platform.findings(*CHECKS)] == [expected]
    expression = {"key": "kubernetes.io/metadata.name", "operator": "In", "values": [NAMESPACE]}
    peer["namespaceSelector"] = {"matchExpressions": [expression]}
    assert [message for _, _, message in platform.findings(*CHECKS)] == [expected]
    expression["values"] = [NAMESPACE, "monitoring"]  # of which nothing is known here
    assert platform.findings(*CHECKS) == []
