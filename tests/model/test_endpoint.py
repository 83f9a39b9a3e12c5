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


def test_the_first_port_is_the_default() -> None:
    assert WEB.address() == "web.example.com:443"
    assert WEB.address("metrics") == "web.example.com:9090"
    assert WEB.url() == "https://web.example.com:443"
    assert WEB.url("metrics", "/q") == "http://web.example.com:9090/q"


def test_a_missing_port_is_an_error() -> None:
    with pytest.raises(KeyError, match=r"web\.example\.com has no port named grpc"):
        WEB.port("grpc")


def test_an_external_server_may_have_any_address() -> None:
    assert (WEB.group, WEB.cidr) == (None, "0.0.0.0/0")


@pytest.mark.parametrize(
    ("url", "address", "scheme"),
    [("https://lake.example/api", "lake.example:443", "https"), ("http://lake.example:81", "lake.example:81", "http")],
)
def test_a_url_gives_an_external_server(url: str, address: str, scheme: str) -> None:
    endpoint = url_endpoint(url, "203.0.113.0/24")
    assert (endpoint.address(), endpoint.port().scheme, endpoint.cidr, endpoint.group) == (
        address,
        scheme,
        "203.0.113.0/24",
        None,
    )


def test_a_consumer_calls_only_the_ports_that_it_uses() -> None:
    assert [port.name for port in WEB.only("metrics").ports] == ["metrics"]
    assert WEB.only("metrics").address() == "web.example.com:9090"
    with pytest.raises(KeyError, match=r"web\.example\.com has no port named grpc"):
        WEB.only("metrics", "grpc")
