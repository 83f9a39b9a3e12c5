"""What the shared services provide, as other clusters see it."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from floe_compiler.model.capabilities import Catalog, Collector, Lineage, ObjectStore
from floe_compiler.model.endpoint import Elsewhere, Endpoint, Port, service_endpoint
from floe_compiler.model.facts import Variable
from floe_compiler.model.inputs import Environment
from floe_compiler.model.rendered import PodGroup
from floe_compiler.resolve.elsewhere import seen_from_elsewhere

HTTP = Port("http", 8181, health="/healthz")
POLARIS = service_endpoint("polaris", "floe-platform", "cluster.local", (HTTP,))
HERE = "polaris.floe-platform.svc.cluster.local"
THERE = "polaris-http.hub.acme.example"


def environment(**more: Any) -> Environment:
    return Environment.model_validate(
        {
            "apiVersion": "floe.dev/v1",
            "kind": "Environment",
            "metadata": {"name": "prod", "owner": "@acme/platform"},
            "cluster": {"name": "hub", "reached_at": {"domain": "hub.acme.example", "cidr": "203.0.113.0/28"}},
            "storage_class": "standard",
            "links": {"type": "gateway", "class": "eg", "issuer": "acme"},
            **more,
        }
    )


LINKED = environment()


def test_from_another_cluster_a_server_has_another_host_port_and_scheme() -> None:
    (lineage,) = seen_from_elsewhere((Lineage("marquez", POLARIS, POLARIS.url()),), LINKED)
    assert isinstance(lineage, Lineage)
    assert lineage.url == f"https://{THERE}:443"
    assert lineage.endpoint == Endpoint(
        THERE,
        (Port("http", 443, scheme="https", tls=True),),
        cidr="203.0.113.0/28",
        elsewhere=(Elsewhere("hub", PodGroup("floe-platform", "polaris"), HERE, HTTP),),
    )


@pytest.mark.parametrize(("mutual", "asks"), [(True, True), (True, False), (False, True)])
def test_a_caller_with_a_certificate_uses_the_port_that_requests_one(mutual: bool, asks: bool) -> None:
    server = replace(POLARIS, ports=(replace(HTTP, mutual=mutual),))
    certificates = {"client_certificates": {"issuer": "clients", "authority": "clients", "port": 9443}} if asks else {}
    caller_environment = environment(links={"type": "gateway", "class": "eg", "issuer": "acme", **certificates})
    (lineage,) = seen_from_elsewhere((Lineage("marquez", server, server.url()),), caller_environment)
    assert isinstance(lineage, Lineage)
    assert lineage.endpoint.asks_certificate == (mutual and asks)
    assert lineage.url == f"https://{THERE}:{9443 if mutual and asks else 443}"
    assert not server.asks_certificate, "no certificate is needed in its own cluster"
    (exported,) = seen_from_elsewhere((Lineage("marquez", server, server.url()),), environment(links={"type": "mcs"}))
    assert isinstance(exported, Lineage)
    assert not exported.endpoint.asks_certificate


def test_texts_with_the_address_of_an_endpoint_follow_it() -> None:
    uri = POLARIS.url(path="/api/catalog")
    variables = (Variable("POLARIS_HOST", HERE), Variable("OTHER", f"x{HERE}"), Variable("ADDRESS", f"{HERE}:8181"))
    catalog = Catalog("polaris", POLARIS, uri, "lake", variables=variables)
    (catalog_,) = seen_from_elsewhere((catalog,), LINKED)
    assert isinstance(catalog_, Catalog)
    assert catalog_.uri == f"https://{THERE}:443/api/catalog"
    assert [variable.value for variable in catalog_.variables] == [THERE, f"x{HERE}", f"{THERE}:443"]
    assert replace(catalog_, endpoint=POLARIS, uri=uri, variables=variables) == catalog, "nothing else changes"


def test_servers_outside_all_clusters_are_the_same_for_each() -> None:
    store = ObjectStore(
        "s3", Endpoint("s3.us-east-1.amazonaws.com", (Port("https", 443, scheme="https"),)), "s3", "b", "s3://b/"
    )
    assert seen_from_elsewhere((store,), LINKED) == (store,)


def test_each_port_has_its_own_host() -> None:
    grpc, http = Port("otlp", 4317, grpc=True), Port("otlp-http", 4318)
    endpoint = service_endpoint("collector", "floe-platform", "cluster.local", (grpc, http))
    (collector,) = seen_from_elsewhere((Collector("c", endpoint.only("otlp"), endpoint.only("otlp-http")),), LINKED)
    assert isinstance(collector, Collector)
    assert collector.grpc.address() == "collector-otlp.hub.acme.example:443"
    assert collector.http.address() == "collector-otlp-http.hub.acme.example:443"
    assert [remote.port for remote in (*collector.grpc.elsewhere, *collector.http.elsewhere)] == [grpc, http]


@pytest.mark.parametrize(
    ("caller_environment", "port"),
    [
        (environment(links=None), HTTP),
        (environment(cluster={"name": "hub"}), HTTP),
        (LINKED, Port("postgresql", 5432, scheme="postgresql")),
        (LINKED, Port("statsd", 9125, protocol="UDP")),
    ],
)
def test_servers_that_no_link_reaches_are_marked_for_the_error(caller_environment: Environment, port: Port) -> None:
    endpoint = service_endpoint("db", "floe-platform", "cluster.local", (port,))
    (lineage,) = seen_from_elsewhere((Lineage("db", endpoint, ""),), caller_environment)
    assert isinstance(lineage, Lineage)
    assert (lineage.endpoint.host, lineage.endpoint.ports, lineage.endpoint.group) == (endpoint.host, (port,), None)
    assert [remote.cluster for remote in lineage.endpoint.elsewhere] == ["hub"]
