"""The objects of an ingress: a Gateway and routes, or Ingresses; certificates, and the pods that solve challenges."""

from __future__ import annotations

from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from floe_compiler.kit.delivery import SYNC_WAVE
from floe_compiler.kit.ingress import ingress_instance
from floe_compiler.kit.ingress.certificates import solver_pods
from floe_compiler.model.endpoint import Port, service_endpoint
from floe_compiler.model.facts import Parts
from floe_compiler.model.ingress import Certificate, Gateway, IngressType, Listener, Route, UnitIngress
from floe_compiler.model.inputs import Placement, Placements, Quota
from floe_compiler.model.mesh_facts import OpenInterface
from floe_compiler.model.objects import Object
from floe_compiler.model.plan import DeclaredInstance, DeclaredUnit
from floe_compiler.model.settings import Settings
from floe_compiler.synthesize.policies import WaysIn
from floe_compiler.synthesize.unit_parts import instance_objects
from kit.ingress.test_login import INTERFACE, LOGIN, ROUTE
from kit.samples import instance
from support import DEVELOPMENT, PRODUCTION, as_text, changed

PLATFORM = "floe-platform"
OTLP = OpenInterface(
    PLATFORM,
    "otlp",
    service_endpoint("collector", PLATFORM, "cluster.local", (Port("otlp", 4317),)),
    "grpc",
    authenticates=True,
)
GATEWAY = Gateway(
    "eg",
    (
        Listener("http", "", (PLATFORM,)),
        Listener("https", "*.acme.example", (PLATFORM, "floe-sales-domain"), "wildcard-tls"),
        Listener("https-jaeger", "traces.of.acme.example", (PLATFORM,), "jaeger-tls"),
    ),
    (("controller.example/size", "small"),),
    redirects=True,
)
CONTROLLER = changed(DEVELOPMENT, cluster={"ingress_namespace": "envoy-gateway-system"})


def rendered(ingress: UnitIngress, settings: Settings = CONTROLLER) -> list[Object]:
    unit = DeclaredUnit(settings, "platform", PLATFORM, "@acme/x", Quota())
    declared = ingress_instance(unit, ingress)
    return instance_objects(declared.instance, declared.parts, WaysIn(opened=ingress.opened()))


def only(objects: list[Object], kind: str) -> Any:
    (manifest,) = (manifest for manifest in objects if manifest["kind"] == kind)
    return manifest


def test_a_gateway_its_redirect_and_its_certificates(snapshot: SnapshotAssertion) -> None:
    certificates = (Certificate("wildcard-tls", ("*.acme.example",), "letsencrypt"),)
    assert as_text(rendered(UnitIngress(gateway=GATEWAY, certificates=certificates))) == snapshot


def test_a_proxy_is_in_front_of_an_interface_without_a_login(snapshot: SnapshotAssertion) -> None:
    assert as_text(rendered(UnitIngress(routes=(ROUTE,), parent=(PLATFORM, "gateway"), login=LOGIN))) == snapshot


def test_an_ingress(snapshot: SnapshotAssertion) -> None:
    route = Route("jaeger.acme.example", INTERFACE, login=False, secret="jaeger-tls")
    unit = UnitIngress("ingress", (route,), ingress_class="nginx", annotations=(("a.example/b", "c"),), solvers=2)
    assert as_text(rendered(unit)) == snapshot


def test_an_ingress_without_tls_has_none() -> None:
    unit = UnitIngress("ingress", (Route("jaeger.acme.example", INTERFACE, login=False),), ingress_class="nginx")
    assert "tls" not in only(rendered(unit), "Ingress")["spec"]


def test_grpc_uses_a_grpc_route() -> None:
    objects = rendered(UnitIngress(routes=(Route("otlp.acme.example", OTLP, login=False, listener="https-otlp"),)))
    assert only(objects, "GRPCRoute")["spec"] == {
        "parentRefs": [{"name": "gateway", "sectionName": "https-otlp"}],
        "hostnames": ["otlp.acme.example"],
        "rules": [{"backendRefs": [{"name": "collector", "port": 4317}]}],
    }


@pytest.mark.parametrize("kind", ["gateway", "ingress"])
def test_a_route_without_a_login_has_a_reason(kind: IngressType) -> None:
    route = Route("jaeger.acme.example", INTERFACE, login=False, why_open="a private network")
    manifest = only(
        rendered(UnitIngress(kind, (route,), ingress_class="x")), "HTTPRoute" if kind == "gateway" else "Ingress"
    )
    assert manifest["metadata"]["annotations"]["floe.dev/exception-login"] == "a private network"


def test_an_external_gateway_routes_by_host() -> None:
    route = Route("jaeger.acme.example", INTERFACE, login=False)
    spec = only(rendered(UnitIngress(routes=(route,), parent=("infra", "shared"))), "HTTPRoute")["spec"]
    assert spec["parentRefs"] == [{"name": "shared", "namespace": "infra"}]


def test_objects_that_wait_for_others_are_in_the_last_wave_of_argo_cd() -> None:
    unit = UnitIngress(routes=(ROUTE,), gateway=GATEWAY, certificates=(Certificate("x-tls", ("x",), "i"),))
    for tool, expected in (("argocd", {"1000"}), ("flux", {None})):
        objects = rendered(unit, changed(CONTROLLER, platform={"delivery": tool}))
        kinds = {"Certificate", "Gateway", "HTTPRoute"}
        waves = {
            manifest["metadata"].get("annotations", {}).get(SYNC_WAVE)
            for manifest in objects
            if manifest["kind"] in kinds
        }
        assert waves == expected


def test_only_the_controller_reaches_solvers() -> None:
    assert solver_pods(0) == ()
    (pods,) = solver_pods(2)
    assert (pods.count, pods.opened, pods.ports[0].number) == (2, True, 8089)
    certificate = Certificate("x-tls", ("x.acme.example",), "letsencrypt")
    unit = UnitIngress("ingress", certificates=(certificate,), solvers=1)
    settings = changed(CONTROLLER, cluster={"ingress_addresses": ("35.191.0.0/16",)})
    (rule,) = only(rendered(unit, settings), "NetworkPolicy")["spec"]["ingress"]
    namespace = {"kubernetes.io/metadata.name": "envoy-gateway-system"}
    peers = [{"namespaceSelector": {"matchLabels": namespace}}, {"ipBlock": {"cidr": "35.191.0.0/16"}}]
    assert rule == {"from": peers, "ports": [{"protocol": "TCP", "port": 8089}]}


def test_proxies_have_the_placement_of_servers_of_their_namespace() -> None:
    placed = Placements(services=Placement(node_selector={"acme.example/pool": "services"}))
    server = DeclaredInstance(instance(PRODUCTION, placement=placed), Parts())
    unit = DeclaredUnit(PRODUCTION, "platform", PLATFORM, "@acme/x", Quota(), (server,))
    assert ingress_instance(unit, UnitIngress(routes=(ROUTE,), login=LOGIN)).instance.placement == placed


def test_a_server_without_a_health_path_is_probed_over_tcp() -> None:
    unit = UnitIngress(routes=(Route("a.example", OTLP, login=False),), health_checks="gke")
    config = only(rendered(unit), "HealthCheckPolicy")["spec"]["default"]["config"]
    assert config == {"type": "TCP", "tcpHealthCheck": {"portSpecification": "USE_FIXED_PORT", "port": 4317}}
