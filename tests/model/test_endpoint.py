"""Endpoints of servers."""

from __future__ import annotations

import pytest

from floe_compiler.model.endpoint import Endpoint, Port, service_endpoint, url_endpoint
from floe_compiler.model.rendered import PodGroup

WEB = Endpoint("web.example.com", (Port("https", 443, scheme="https"), Port("metrics", 9090)))


def test_a_service_has_its_full_name_in_every_namespace() -> None:
    endpoint = service_endpoint("polaris", "floe-platform", "acme.internal", (Port("http", 8181),))
    assert endpoint.host == "polaris.floe-platform.svc.acme.internal"
    assert endpoint.group == PodGroup("floe-platform", "polaris")


def test_the_first_port_is_meant_unless_one_is_named() -> None:
    assert WEB.address() == "web.example.com:443"
    assert WEB.address("metrics") == "web.example.com:9090"
    assert WEB.url() == "https://web.example.com:443"
    assert WEB.url("metrics", "/q") == "http://web.example.com:9090/q"


def test_a_port_that_does_not_exist() -> None:
    with pytest.raises(KeyError, match=r"web\.example\.com has no port named grpc"):
        WEB.port("grpc")


def test_a_server_outside_may_be_anywhere() -> None:
    assert (WEB.group, WEB.cidr) == (None, "0.0.0.0/0")


@pytest.mark.parametrize(
    ("url", "address", "scheme"),
    [("https://lake.example/api", "lake.example:443", "https"), ("http://lake.example:81", "lake.example:81", "http")],
)
def test_a_url_leads_to_a_server_outside(url: str, address: str, scheme: str) -> None:
    endpoint = url_endpoint(url, "203.0.113.0/24")
    assert (endpoint.address(), endpoint.port().scheme, endpoint.cidr, endpoint.group) == (
        address,
        scheme,
        "203.0.113.0/24",
        None,
    )


def test_a_consumer_calls_the_ports_that_it_uses() -> None:
    assert [port.name for port in WEB.only("metrics").ports] == ["metrics"]
    assert WEB.only("metrics").address() == "web.example.com:9090"
    with pytest.raises(KeyError, match=r"web\.example\.com has no port named grpc"):
        WEB.only("metrics", "grpc")
