"""Ingresses and the pods behind them."""

from __future__ import annotations

from typing import Any

import pytest

from check.samples import sample
from floe_compiler.check.network import isolation
from floe_compiler.link.ingresses import check

CHECKS = (isolation.check, check)


@pytest.mark.parametrize("port", [{"port": 80}, {"port": "http"}, {"port": 3000, "protocol": "UDP"}])
def test_an_ingress_whose_pods_are_closed(port: dict[str, Any]) -> None:
    platform = sample()
    platform["NetworkPolicy/dagster-ui"]["spec"]["ingress"][0]["ports"] = [port]
    message = "no policy lets the ingress controller reach floe-platform/dagster on port 3000"
    assert platform.findings(*CHECKS) == [("C065", "Ingress.networking.k8s.io floe-platform/dagster", message)]


def test_an_ingress_by_the_number_of_a_port() -> None:
    platform = sample()
    platform["Service/dagster"]["spec"]["ports"] = [{"name": "web", "port": 80, "targetPort": 3000}]
    path = platform["Ingress/dagster"]["spec"]["rules"][0]["http"]["paths"][0]
    path["backend"]["service"]["port"] = {"number": 80}
    assert platform.findings(*CHECKS) == []
    platform["NetworkPolicy/dagster-ui"]["spec"]["ingress"] = []
    assert [code for code, _, _ in platform.findings(*CHECKS)] == ["C065"]


def test_an_ingress_whose_pods_are_open_to_pods_of_their_own_namespace_only() -> None:
    platform = sample()
    platform["NetworkPolicy/dagster-ui"]["spec"]["ingress"][0]["from"] = [{"podSelector": {}}]
    assert [code for code, _, _ in platform.findings(*CHECKS)] == ["C065"]


def test_an_ingress_whose_pods_are_open_to_everyone() -> None:
    platform = sample()
    platform["NetworkPolicy/dagster-ui"]["spec"]["ingress"][0]["from"] = [{"ipBlock": {"cidr": "10.0.0.0/8"}}]
    assert platform.findings(*CHECKS) == []


def test_what_pods_may_send_does_not_open_an_ingress() -> None:
    platform = sample()
    platform["NetworkPolicy/dagster-ui"]["spec"]["ingress"] = []
    rule = {"to": [{"namespaceSelector": {}}], "ports": [{"port": 3000}]}
    platform["NetworkPolicy/backup-out"]["spec"]["egress"].append(rule)
    assert [code for code, _, _ in platform.findings(*CHECKS)] == ["C065"]
