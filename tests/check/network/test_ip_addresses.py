"""Servers that programs know by an IP address."""

from __future__ import annotations

import pytest

from check.samples import sample
from floe_compiler.check.network.ip_addresses import check

WHERE = "spec.template.spec.containers[polaris].env[TEXT]"


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("http://10.1.2.3/x", "10.1.2.3"),
        ("10.1.2.3:5432", "10.1.2.3"),
        ("http://postgres:5432", ""),
        ("version 10.2.3.4", ""),
        ("0.0.0.0:8181 and http://127.0.0.1:80", ""),
    ],
)
def test_an_address_in_place_of_a_name(text: str, host: str) -> None:
    platform = sample()
    platform.container("Deployment/polaris")["env"].append({"name": "TEXT", "value": text})
    expected = [("C054", "Deployment.apps floe-platform/polaris", f"{WHERE} names {host}")]
    assert platform.findings(check) == (expected if host else [])


def test_an_address_is_named_once_for_each_place() -> None:
    platform = sample()
    platform["ConfigMap/polaris"]["data"]["x"] = "http://10.1.2.3:80 http://10.1.2.3:81"
    assert [message for _, _, message in platform.findings(check)] == ["data[x] names 10.1.2.3"]
