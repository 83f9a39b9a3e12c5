"""Ports of Services, probes and containers."""

from __future__ import annotations

import pytest

from check.samples import container, resource, sample, selector
from floe_compiler.check.pods.ports import check

MAIN = "spec.template.spec.containers[dagster]"


@pytest.mark.parametrize("target", [80, "http"])
def test_a_service_port_that_no_container_has_is_reported(target: int | str) -> None:
    platform = sample()
    platform["Service/dagster"]["spec"]["ports"][0]["targetPort"] = target
    message = f"spec.ports[main] forwards to {target}, which Deployment dagster lacks"
    assert platform.findings(check) == [("C030", "Service floe-platform/dagster", message)]
    assert platform.hints(check) == ["its containers declare main 3000/TCP"]


def test_a_service_port_without_a_target_port_uses_its_own_number() -> None:
    platform = sample()
    port = platform["Service/dagster"]["spec"]["ports"][0]
    del port["targetPort"]
    assert platform.findings(check) == []
    port["port"] = 80
    assert [code for code, _, _ in platform.findings(check)] == ["C030"]


def test_the_protocol_is_part_of_a_port() -> None:
    platform = sample()
    platform["Service/dagster"]["spec"]["ports"][0]["protocol"] = "UDP"
    assert [code for code, _, _ in platform.findings(check)] == ["C030"]


def test_a_sidecar_may_serve_but_an_init_container_may_not() -> None:
    platform = sample()
    helper = container("proxy", 8443)
    helper["ports"][0]["name"] = "proxy"
    for field in ("livenessProbe", "readinessProbe"):
        del helper[field]
    platform.pod("Deployment/dagster")["initContainers"] = [helper]
    platform["Service/dagster"]["spec"]["ports"][0]["targetPort"] = "proxy"
    assert [code for code, _, _ in platform.findings(check)] == ["C030"]
    helper["restartPolicy"] = "Always"
    assert platform.findings(check) == []


@pytest.mark.parametrize("action", ["tcpSocket", "httpGet", "grpc"])
def test_a_probe_of_a_port_that_the_container_lacks_is_reported(action: str) -> None:
    platform = sample()
    platform.container("Deployment/dagster")["startupProbe"] = {action: {"port": 80}}
    message = f"{MAIN}.startupProbe.{action}.port is 80, which the container does not declare"
    assert platform.findings(check) == [("C031", "Deployment.apps floe-platform/dagster", message)]
    platform.container("Deployment/dagster")["startupProbe"] = {action: {"port": 3000}}
    assert platform.findings(check) == []


def test_a_privileged_port_is_reported() -> None:
    platform = sample()
    platform.container("Deployment/dagster")["ports"].append({"containerPort": 1023})
    platform.container("Deployment/dagster")["ports"].append({"containerPort": 1024})
    assert platform.findings(check) == [("C032", "Deployment.apps floe-platform/dagster", f"{MAIN}.ports has 1023")]


def test_two_containers_with_the_same_port_are_reported() -> None:
    platform = sample()
    platform.pod("Deployment/dagster")["containers"].append(container("other", 3000))
    name = "Deployment.apps floe-platform/dagster"
    assert platform.findings(check) == [
        ("C033", name, "spec.template.spec declares port 3000/TCP 2 times"),
        ("C033", name, "spec.template.spec declares port main 2 times"),
    ]


def test_one_port_number_may_have_two_protocols() -> None:
    platform = sample()
    platform.container("Deployment/dagster")["ports"].append({"containerPort": 3000, "protocol": "UDP"})
    assert platform.findings(check) == []


def test_ports_of_launched_pods_are_not_checked() -> None:
    platform = sample()
    spec = {"selector": selector("dagster-run"), "ports": [{"port": 80}]}
    platform.add(resource("v1", "Service", "runs", spec=spec))
    assert platform.findings(check) == []
