"""Servers by IP address."""

from __future__ import annotations

import pytest

from check.samples import DAGSTER, Platform, sample
from floe_compiler.check.network.ip_addresses import check
from floe_compiler.model.rendered import Connection, External

PLACE = "spec.template.spec.containers[dagster].env[SERVER]"


def with_server(value: str) -> Platform:
    platform = sample()
    platform.container("Deployment/dagster")["env"] = [{"name": "SERVER", "value": value}]
    return platform


@pytest.mark.parametrize("value", ["http://10.1.2.3:80/x", "10.1.2.3:5432"])
def test_an_undeclared_ip_address_is_reported(value: str) -> None:
    platform = with_server(value)
    assert platform.findings(check) == [("C054", "Deployment.apps floe-platform/dagster", f"{PLACE} names 10.1.2.3")]
    assert platform.hints(check) == ["use the name of a Service or of a declared server"]


@pytest.mark.parametrize("value", ["http://db.example.com", "127.0.0.1:80", "1.2.3", "version 10.2:5432"])
def test_host_names_versions_and_loopback_are_not_ip_addresses(value: str) -> None:
    assert with_server(value).findings(check) == []


def test_an_address_that_is_declared_as_a_server_is_accepted() -> None:
    platform = with_server("postgresql://10.1.2.3:5432/x and http://10.1.2.4")
    platform.facts["connections"] |= {Connection(DAGSTER, External("10.1.2.3", 5432, "10.1.2.3/32"), 5432)}
    assert platform.findings(check) == [("C054", "Deployment.apps floe-platform/dagster", f"{PLACE} names 10.1.2.4")]


def test_an_address_that_the_object_declares_is_accepted() -> None:
    platform = with_server("http://10.1.2.3")
    platform["Deployment/dagster"]["metadata"]["annotations"] = {"floe.dev/external-hosts": "10.1.2.3"}
    assert platform.findings(check) == []
