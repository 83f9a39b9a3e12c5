"""A real ingress controller with the rendered Gateway, routes and Ingresses: it accepts them and routes requests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

import pytest

from api_server import ApiServer, api_server, definition, eventually
from collector_program import NEEDS_COLLECTOR, TOKEN, TRACES, accepted, open_to_outside, sending, status
from floe_compiler.components.collector_opentelemetry.configuration import METRICS, OUTSIDE_GRPC
from floe_compiler.model.objects import Object
from kit.ingress.controller_program import (
    CONTROLLER,
    MISSING,
    Controller,
    conditions,
    endpoints,
    forwarded,
    own_address,
    pods_of,
    traefik,
)
from kit.ingress.identity_provider import IdentityProvider
from kit.ingress.test_login import PROGRAM, cookies_of
from kit.ingress.test_login import running as login_proxy
from test_ingress import GATEWAY, mesh
from test_third_party_monitor import Output

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(bool(MISSING), reason=f"not on the PATH: {', '.join(MISSING)}"),
    pytest.mark.skipif(not own_address(), reason="this machine has no address but the loopback"),
]
API = "gateway.networking.k8s.io"
OPENED = {**GATEWAY, "hosts": {"polaris": True, "otlp": True, "otlp-http": True}}
PLATFORM, SALES = "floe-platform", "floe-sales-domain"


class Running(NamedTuple):
    """A mesh behind a controller."""

    server: ApiServer
    controller: Controller
    objects: Mapping[tuple[str, str, str], Object]
    pods: list[Object]
    """The EndpointSlices of each Service."""

    def of_kind(self, kind: str) -> list[Object]:
        return [manifest for (_, kind_, _), manifest in self.objects.items() if kind_ == kind]

    def reaches(self, host: str) -> bool:
        return self.controller.get(host).status == 200

    def status(self, manifest: Object) -> Any:
        return self.server.ask("GET", self.server.path(manifest))["status"]


@contextmanager
def behind(server: ApiServer, folder: Path, ingress: Any, provider: str, *options: str) -> Iterator[Running]:
    """Apply the objects of a mesh with an `ingress` that its controller reads."""
    objects = Output(mesh(folder, ingress)).objects
    controller = Controller(folder)
    running = Running(server, controller, objects, [])
    services = {
        f"{service['metadata']['namespace']}/{service['metadata']['name']}": service
        for service in running.of_kind("Service")
    }
    for gateway_ in running.of_kind("Gateway"):
        for listener in gateway_["spec"]["listeners"]:
            listener["port"] = {80: controller.http, 443: controller.https}[listener["port"]]
    with pods_of(services) as slices:
        running.pods.extend(slices)
        server.apply([*running.of_kind("Namespace"), *services.values(), *slices])
        server.apply(
            controller.certificate(
                certificate["spec"]["dnsNames"][0],
                certificate["spec"]["secretName"],
                certificate["metadata"]["namespace"],
            )
            for certificate in running.of_kind("Certificate")
        )
        server.apply(
            manifest for kind in ("Gateway", "HTTPRoute", "GRPCRoute", "Ingress") for manifest in running.of_kind(kind)
        )
        with traefik(server, controller, provider, *options):
            yield running


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    with api_server(tmp_path_factory.mktemp("api")) as running_server:
        kinds = ("Gateway", "HTTPRoute", "GRPCRoute", "TLSRoute", "BackendTLSPolicy")
        running_server.define(definition(API, "v1", kind) for kind in kinds)
        running_server.define([definition(API, "v1beta1", "ReferenceGrant")])
        running_server.define([definition(API, "v1", "GatewayClass", "Cluster")])
        own = {"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": {"name": "traefik"}}
        running_server.apply([{**own, "spec": {"controller": "traefik.io/ingress-controller"}}])
        yield running_server


@pytest.fixture(scope="module")
def gateway(server: ApiServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    own = {"apiVersion": f"{API}/v1", "kind": "GatewayClass", "metadata": {"name": GATEWAY["class"]}}
    server.apply([{**own, "spec": {"controllerName": CONTROLLER}}])
    with behind(server, tmp_path_factory.mktemp("gateway"), OPENED, "kubernetesgateway") as running:
        eventually(lambda: conditions(running.status(running.of_kind("Gateway")[0])).get("Programmed") == "True")
        eventually(partial(running.reaches, "minio.acme.example"))  # it serves accepted routes a little later
        yield running


def backend(rule: Any, namespace: str) -> str:
    (backend_,) = rule["backendRefs"]
    return f"{namespace}/{backend_['name']}"


def test_the_controller_accepts_the_gateway_and_each_listener_has_its_route(gateway: Running) -> None:
    (manifest,) = gateway.of_kind("Gateway")
    reported = gateway.status(manifest)
    assert conditions(reported) == {"Accepted": "True", "Programmed": "True"}
    listeners = {listener["name"]: listener for listener in reported["listeners"]}
    assert listeners.keys() == {listener["name"] for listener in manifest["spec"]["listeners"]}
    for name, listener in listeners.items():
        assert listener["attachedRoutes"] == 1, name
        assert conditions(listener)["Accepted"] == "True", name
        assert set(conditions(listener).values()) == {"True"}, (name, listener)


def test_the_controller_accepts_each_route_with_its_server(gateway: Running) -> None:
    routes = [*gateway.of_kind("HTTPRoute"), *gateway.of_kind("GRPCRoute")]
    assert len(routes) == 8
    for route in routes:
        (parent,) = gateway.status(route)["parents"]
        assert parent["controllerName"] == CONTROLLER
        assert conditions(parent) == {"Accepted": "True", "ResolvedRefs": "True"}, route["metadata"]["name"]


def test_each_host_reaches_its_server_over_tls(gateway: Running) -> None:
    hosts = {}
    for route in gateway.of_kind("HTTPRoute"):
        for host in route["spec"].get("hostnames", ()):
            hosts[host] = backend(route["spec"]["rules"][0], route["metadata"]["namespace"])
            answer = gateway.controller.get(host, "/some/path?of=it")
            assert (answer.status, answer.body.decode()) == (200, hosts[host])
    assert len(hosts) == 6
    assert hosts["jaeger.acme.example"] == f"{PLATFORM}/oauth2-proxy-jaeger"
    assert hosts["minio.acme.example"] == f"{PLATFORM}/minio"


def test_requests_without_tls_are_redirected(gateway: Running) -> None:
    answer = gateway.controller.plain("minio.acme.example", "/browser?of=it")
    assert (answer.status, answer.headers["Location"]) == (301, "https://minio.acme.example/browser?of=it")


def test_no_other_namespace_can_take_over_a_host(gateway: Running) -> None:
    (own,) = [route for route in gateway.of_kind("HTTPRoute") if route["metadata"]["name"] == "minio"]
    stolen = {**own, "metadata": {"name": "stolen", "namespace": SALES}}
    stolen["spec"] = {
        "hostnames": own["spec"]["hostnames"],
        "parentRefs": [{**own["spec"]["parentRefs"][0], "namespace": PLATFORM}],
        "rules": [{"backendRefs": [{"name": "dagster-webserver", "port": 3000}]}],
    }
    gateway.server.apply([stolen])
    (parent,) = eventually(lambda: gateway.status(stolen)["parents"])
    (accepted,) = [condition for condition in parent["conditions"] if condition["type"] == "Accepted"]
    assert (accepted["status"], accepted["reason"]) == ("False", "NotAllowedByListeners")
    assert gateway.controller.get("minio.acme.example").body == f"{PLATFORM}/minio".encode()


@pytest.mark.skipif(PROGRAM is None, reason="oauth2-proxy is not on the PATH")
def test_a_whole_login_goes_through_the_controller(
    gateway: Running, tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    claims = {"sub": "1", "email": "ann@acme.example", "email_verified": True, "groups": ["data"]}
    provider = IdentityProvider(tmp_path, claims)
    service = gateway.objects["platform", "Service", "oauth2-proxy-jaeger"]
    ask = partial(gateway.controller.get, "jaeger.acme.example")
    with login_proxy(tmp_path_factory, provider) as (proxy, reached), forwarded(proxy.port) as port:
        gateway.server.apply([endpoints(service, {"http": port})])
        try:
            eventually(lambda: ask("/search").status == 302)
            start = ask("/search")
            query = parse_qs(urlsplit(start.headers["Location"]).query)
            provider.nonce = query.get("nonce", [""])[0]
            back = ask(f"/oauth2/callback?code=code&state={query['state'][0]}", cookies_of(start))
            assert (back.status, back.headers["Location"]) == (302, "/search")
            assert reached == [], "until now"
            assert ask("/search", cookies_of(back)).body == b"traces"
            assert reached == ["ann@acme.example"]
        finally:
            gateway.server.apply(gateway.pods)
            provider.close()


@NEEDS_COLLECTOR
def test_traces_from_outside_reach_the_collector_over_grpc(gateway: Running, tmp_path: Path) -> None:
    (route,) = gateway.of_kind("GRPCRoute")
    (host,) = route["spec"]["hostnames"]
    (rule,) = route["spec"]["rules"]
    name = backend(rule, PLATFORM).removeprefix(f"{PLATFORM}/")
    service, address = gateway.objects["platform", "Service", name], f"127.0.0.1:{gateway.controller.https}"
    folders = [tmp_path / folder for folder in ("server", "client", "impostor")]
    for folder in folders:
        folder.mkdir()
    with open_to_outside(folders[0]) as ports, forwarded(ports[OUTSIDE_GRPC.number]) as reached:
        gateway.server.apply([endpoints(service, {OUTSIDE_GRPC.name: reached})])
        try:
            with sending(folders[1], address, host, gateway.controller.authority.pem, TOKEN) as port:
                eventually(lambda: status(f"http://127.0.0.1:{port}/v1/traces", TRACES) == 200)
            assert accepted(ports[METRICS.number]) == 1
            with sending(folders[2], address, host, gateway.controller.authority.pem, "another") as port:
                assert status(f"http://127.0.0.1:{port}/v1/traces", TRACES) == 401
            assert accepted(ports[METRICS.number]) == 1
        finally:
            gateway.server.apply(gateway.pods)


def test_each_ingress_reaches_its_server_over_tls(server: ApiServer, tmp_path: Path) -> None:
    ingress = {**GATEWAY, "type": "ingress", "class": "traefik", "hosts": {"polaris": True, "otlp-http": True}}
    # As the project's chart has it: Ingresses say only which certificate, not that the entry point has TLS.
    with behind(server, tmp_path, ingress, "kubernetesingress", "--entrypoints.websecure.http.tls=true") as running:
        ingresses = running.of_kind("Ingress")
        assert len(ingresses) == 6
        for manifest in ingresses:
            (rule,) = manifest["spec"]["rules"]
            (path,) = rule["http"]["paths"]
            expected = f"{manifest['metadata']['namespace']}/{path['backend']['service']['name']}"
            eventually(partial(running.reaches, rule["host"]))
            assert running.controller.get(rule["host"], "/some/path").body == expected.encode()
