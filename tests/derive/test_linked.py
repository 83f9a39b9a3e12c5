"""What a cluster opens to the others of its environment."""

from __future__ import annotations

from floe_compiler.derive.linked import linked
from floe_compiler.model.endpoint import Elsewhere, Port
from floe_compiler.model.links import LinkedServers, LinkingGateway
from floe_compiler.model.rendered import PodGroup

GATEWAY = LinkingGateway("hub.acme.example", "eg", "acme")


def port(server: str, one: Port) -> Elsewhere:
    host = f"{server}.floe-platform.svc.cluster.local"
    return Elsewhere("hub", PodGroup("floe-platform", server), host, one)


CALLED = (
    port("collector", Port("otlp", 4317, grpc=True)),
    port("collector", Port("otlp-http", 4318)),
    port("polaris", Port("http", 8181)),
)


def test_each_called_port_has_a_route_of_its_kind() -> None:
    found = linked(LinkedServers(CALLED, GATEWAY))["floe-platform"]
    assert found.gateway
    assert [(one.host, one.interface.protocol, one.server, one.port.number) for one in found.gateway.routes] == [
        ("collector-otlp.hub.acme.example", "grpc", "collector", 4317),
        ("collector-otlp-http.hub.acme.example", "http", "collector", 4318),
        ("polaris-http.hub.acme.example", "http", "polaris", 8181),
    ]
    assert not any(one.login for one in found.gateway.routes)
    assert found.callers == ()


def test_one_certificate_is_for_all_hosts() -> None:
    found = linked(LinkedServers(CALLED, GATEWAY))["floe-platform"].gateway
    assert found
    assert found.gateway
    (certificate,), (listener,) = found.certificates, found.gateway.listeners
    assert (certificate.hosts, certificate.issuer) == (("*.hub.acme.example",), "acme")
    assert (listener.secret, listener.host, listener.namespaces) == (
        certificate.name,
        "*.hub.acme.example",
        ("floe-platform",),
    )


def test_exports_open_just_the_called_ports_to_callers() -> None:
    found = linked(LinkedServers(CALLED, callers=("10.16.0.0/16",)))["floe-platform"]
    assert (found.gateway, found.callers) == (None, ("10.16.0.0/16",))
    assert found.opened() == {"collector": {4317, 4318}, "polaris": {8181}}
