"""Ports that a cluster opens to the others of its environment."""

from __future__ import annotations

import msgspec

from floe_compiler.derive import derive
from floe_compiler.derive.linked import linked, linked_servers
from floe_compiler.model.endpoint import Elsewhere, Port
from floe_compiler.model.links import ClientCheck, LinkedServers, Linking, LinkingGateway, MeshAccount, MeshGateway
from floe_compiler.model.rendered import PodGroup
from floe_compiler.model.unit_facts import MeshCall, UnitFacts
from floe_compiler.model.units import UnitKey

GATEWAY = LinkingGateway("hub.acme.example", "eg", "acme")


def port(server: str, port_: Port) -> Elsewhere:
    host = f"{server}.floe-platform.svc.cluster.local"
    return Elsewhere("hub", PodGroup("floe-platform", server), host, port_)


CALLED = (
    port("collector", Port("otlp", 4317, grpc=True)),
    port("collector", Port("otlp-http", 4318)),
    port("polaris", Port("http", 8181)),
)


def test_each_called_port_has_a_route_of_its_kind() -> None:
    unit_ = linked(LinkedServers(CALLED, GATEWAY))["floe-platform"]
    assert unit_.gateway
    assert [
        (route.host, route.interface.protocol, route.server, route.port.number) for route in unit_.gateway.routes
    ] == [
        ("collector-otlp.hub.acme.example", "grpc", "collector", 4317),
        ("collector-otlp-http.hub.acme.example", "http", "collector", 4318),
        ("polaris-http.hub.acme.example", "http", "polaris", 8181),
    ]
    assert not any(route.login for route in unit_.gateway.routes)
    assert unit_.callers == ()


def test_one_certificate_may_cover_all_hosts() -> None:
    gateway_ = linked(LinkedServers(CALLED, GATEWAY))["floe-platform"].gateway
    assert gateway_
    assert gateway_.gateway
    (certificate,), (listener,) = gateway_.certificates, gateway_.gateway.listeners
    assert (certificate.hosts, certificate.issuer) == (("*.hub.acme.example",), "acme")
    assert (listener.secret, listener.host, listener.namespaces) == (
        certificate.name,
        "*.hub.acme.example",
        ("floe-platform",),
    )


def test_ports_whose_callers_have_certificates_have_a_listener_that_asks_for_them() -> None:
    called = (port("collector", Port("otlp", 4317, grpc=True, mutual=True)), CALLED[2])
    gateway = msgspec.structs.replace(GATEWAY, clients=ClientCheck(8443, "cluster-clients"))

    def listeners(*servers: Elsewhere, gateway: LinkingGateway = gateway) -> dict[str, tuple[str, int, str]]:
        gateway_ = linked(LinkedServers(servers, gateway))["floe-platform"].gateway
        assert gateway_
        assert gateway_.gateway
        known = {listener.name: (listener.port, listener.clients) for listener in gateway_.gateway.listeners}
        return {route.server: (route.listener, *known[route.listener]) for route in gateway_.routes}

    mutual_tls = ("clients", 8443, "cluster-clients")
    assert listeners(*called) == {"collector": mutual_tls, "polaris": ("https", 0, "")}
    assert listeners(called[0]) == {"collector": mutual_tls}
    assert listeners(called[0], gateway=GATEWAY) == {"collector": ("https", 0, "")}


def test_exports_open_just_the_called_ports_to_callers() -> None:
    unit_ = linked(LinkedServers(CALLED, callers=("10.16.0.0/16",)))["floe-platform"]
    assert (unit_.gateway, unit_.callers) == (None, ("10.16.0.0/16",))
    assert unit_.opened() == {"collector": {4317, 4318}, "polaris": {8181}}


SALES = UnitFacts(
    UnitKey("prod/us", "us", "floe-sales"),
    elsewhere=(CALLED[2],),
    mesh_calls=(
        MeshCall("floe-platform", "polaris", 8181, "orders", "hub"),
        MeshCall("floe-platform", "collector", 4317, "orders"),
    ),
)
HUB = UnitFacts(UnitKey("prod/hub", "hub", "floe-platform"))
ISTIO, LINKERD = (Linking(mesh=MeshGateway(kind, "gateways")) for kind in ("istio", "linkerd"))


def test_a_mesh_that_preserves_identities_lets_in_accounts_of_other_clusters() -> None:
    account = MeshAccount("floe-platform", "polaris", 8181, "floe-sales/orders")
    servers = linked_servers(ISTIO, "hub", ((HUB, ""), (SALES, "")))
    assert servers
    assert (servers.called, servers.accounts, servers.calls) == ((CALLED[2],), (account,), ())
    derived = derive([HUB], servers=servers)[HUB.key]
    assert derived.mesh_callers == {"polaris": {8181: ("floe-sales/orders",)}}
    ended = linked_servers(LINKERD, "hub", ((HUB, ""), (SALES, "")))
    assert ended
    assert (ended.called, ended.accounts) == ((CALLED[2],), ())


def test_a_call_to_another_cluster_is_not_a_call_in_its_own() -> None:
    derived = derive([SALES, UnitFacts(UnitKey("prod/us", "us", "floe-platform"))])
    assert derived[UnitKey("prod/us", "us", "floe-platform")].mesh_callers == {
        "collector": {4317: ("floe-sales/orders",)}
    }


def test_a_cluster_of_istio_has_names_for_what_it_calls_elsewhere() -> None:
    servers = linked_servers(ISTIO, "us", ((HUB, ""), (SALES, "")))
    assert servers
    assert linked(servers)["floe-platform"].named == (CALLED[2],)
    assert linked(servers)["floe-platform"].opened() == {}
    assert linked_servers(LINKERD, "us", ((HUB, ""), (SALES, ""))) is None, "Linkerd makes the names"
