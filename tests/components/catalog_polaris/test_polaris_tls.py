"""TLS of the catalog: clients use the HTTPS port, and the ingress controller the HTTP port."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from components.catalog_polaris.test_catalog_polaris import DATABASE, SERVED, STORE
from floe_compiler.components.catalog_polaris import COMPONENT
from floe_compiler.model.capabilities import Catalog
from floe_compiler.model.catalog_clients import OAuth2Credentials
from floe_compiler.model.facts import Workload
from floe_compiler.model.plan import Context
from floe_compiler.model.trust import Trust
from products import COLLECTOR
from support import DEVELOPMENT, context_of, unit_of

SECURE = replace(DEVELOPMENT, trust=Trust("company-ca"), tls_issuer="acme-internal")


def context(settings: Any = SECURE) -> Context[Any]:
    capabilities = (DATABASE, STORE, COLLECTOR)
    return context_of(
        COMPONENT, settings=settings, capabilities=capabilities, databases=(DATABASE.name,), served=SERVED
    )


def server(settings: Any = SECURE) -> Workload:
    (workload,) = COMPONENT.build(context(settings)).workloads
    return workload


def properties(settings: Any = SECURE) -> dict[str, str]:
    (text,) = (file.text for file in server(settings).pod.containers[0].config)
    return dict(line.split("=", 1) for line in text.splitlines())


def test_clients_use_tls_for_tables_and_for_tokens() -> None:
    (catalog,) = COMPONENT.provides(context().instance)
    assert isinstance(catalog, Catalog)
    base = "https://polaris.floe-platform.svc.cluster.local:8443/api/catalog"
    login = catalog.client("sales", "shop").credentials
    assert isinstance(login, OAuth2Credentials)
    assert (catalog.uri, login.token_url) == (base, f"{base}/v1/oauth/tokens")


def test_only_the_https_port_serves_a_certificate() -> None:
    ports = {port.name: (port.number, port.scheme) for port in server().ports()}
    assert ports == {"http": (8181, "http"), "https": (8443, "https"), "management": (8182, "http")}
    settings = properties()
    name = settings["quarkus.http.tls-configuration-name"]
    assert settings[f"quarkus.tls.{name}.key-store.pem.0.cert"] == "/run/tls/tls.crt"
    assert settings[f"quarkus.tls.{name}.key-store.pem.0.key"] == "/run/tls/tls.key"
    assert server().pod.containers[0].certificate == "/run/tls"
    # Without a name, the kubelet and Prometheus would need TLS at the management port.
    assert not [key for key in settings if key.startswith("quarkus.tls.key-store")]


def test_the_ingress_uses_the_http_port() -> None:
    (interface,) = server().interfaces
    assert interface.port == "http"


def test_without_an_issuer_nothing_uses_tls() -> None:
    assert [port.name for port in server(DEVELOPMENT).ports()] == ["http", "management"]
    assert not [key for key in properties(DEVELOPMENT) if "tls" in key or "ssl" in key]
    objects = unit_of(COMPONENT, context(DEVELOPMENT)).objects
    assert not [manifest for manifest in objects if manifest["kind"] == "Certificate"]


def test_telemetry_is_sent_with_the_trusted_authorities() -> None:
    port = replace(COLLECTOR.grpc.port(), scheme="https", tls=True)
    secure = replace(COLLECTOR, grpc=replace(COLLECTOR.grpc, ports=(port,)))
    secure_context = replace(context(), capabilities=(DATABASE, STORE, secure))
    (workload,) = COMPONENT.build(secure_context).workloads
    text = workload.pod.containers[0].config[0].text
    assert "quarkus.otel.exporter.otlp.trust-cert.certs=/etc/floe-trust/certificates.pem\n" in text
    assert "trust-cert" not in server().pod.containers[0].config[0].text
