"""What each namespace renders of its environment's ingress: routes, the Gateway, certificates, login proxies."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from floe_compiler.derive import derive
from floe_compiler.derive.routes import routes, with_proxies
from floe_compiler.model.endpoint import Port, service_endpoint
from floe_compiler.model.ingress import Certificate, EnvironmentIngress, Listener, UnitIngress
from floe_compiler.model.inputs import Ingress
from floe_compiler.model.mesh_facts import OpenInterface
from floe_compiler.model.span import Span
from floe_compiler.model.unit_facts import Call, SecretUse, UnitFacts
from floe_compiler.model.units import UnitKey

PLATFORM, SALES = "floe-platform", "floe-sales-domain"
ORIGIN = Span("overlays/dev/environment.yaml", 7, 1)
LOGIN = {"type": "oidc", "issuer": "https://login.acme.example", "client": "mesh", "groups": ["data"]}
ISSUED = {"issuer": "letsencrypt"}


def interface(name: str, port: int = 8080, *, scope: str = "platform", **facts: Any) -> OpenInterface:
    """Return an interface of a workload `<name>-server`."""
    namespace = PLATFORM if scope == "platform" else f"floe-{scope}-domain"
    server = service_endpoint(f"{name}-server", namespace, "cluster.local", (Port("http", port),))
    known: dict[str, Any] = {"protocol": "http", "authenticates": False, "scope": scope}
    return OpenInterface(namespace, name, server, **{**known, **facts})


DAGSTER = interface("dagster", 3000, scope="sales")
MINIO = interface("minio", 9001, authenticates=True)
POLARIS = interface("polaris", 8181, authenticates=True, for_programs=True)


def facts(namespace: str, *interfaces: OpenInterface) -> UnitFacts:
    return UnitFacts(UnitKey("dev", "acme-dev", namespace), interfaces=interfaces)


UNITS = (facts(PLATFORM, MINIO, POLARIS), facts(SALES, DAGSTER), facts("floe-empty-domain"))


def ingress(scale: str = "light", **settings: Any) -> EnvironmentIngress:
    """Return the ingress of an environment: of the class `eg`, for acme.example unless `settings` say otherwise."""
    known = {"class": "eg", "domain": "acme.example"}
    return EnvironmentIngress(Ingress.model_validate({**known, **settings}), PLATFORM, scale, ORIGIN)


def hosts(units: Any) -> dict[str, str]:
    return {route.name: route.host for unit in units.values() for route in unit.routes}


def test_shared_services_have_their_own_name_and_those_of_domains_end_with_the_domain() -> None:
    units = routes(UNITS, ingress())
    assert hosts(units) == {"minio": "minio.acme.example", "dagster": "dagster-sales.acme.example"}
    assert set(units) == {PLATFORM, SALES}


def test_a_domain_with_a_hyphen_does_not_take_the_host_of_another_one() -> None:
    a_of_b_c, a_b_of_c = interface("a", scope="b-c"), interface("a-b", scope="c")
    by_name = hosts(routes([facts("floe-b-c-domain", a_of_b_c), facts("floe-c-domain", a_b_of_c)], ingress()))
    assert by_name == {"a": "a-b-c.acme.example", "a-b": "a--b-c.acme.example"}


def test_hosts_may_be_named_disabled_and_enabled() -> None:
    hosts_ = {"dagster-sales": "runs.acme.example", "minio": False, "polaris": True}
    by_name = hosts(routes(UNITS, ingress(hosts=hosts_)))
    assert by_name == {"dagster": "runs.acme.example", "polaris": "polaris.acme.example"}


def test_without_a_domain_only_named_interfaces_are_opened() -> None:
    assert hosts(routes(UNITS, ingress(domain=None, hosts={"minio": "files.acme.example"}))) == {
        "minio": "files.acme.example"
    }


def test_a_listener_has_one_host_and_admits_only_its_namespace() -> None:
    gateway = routes(UNITS, ingress(tls=ISSUED))[PLATFORM].gateway
    assert gateway is not None
    assert gateway.redirects
    assert gateway.listeners == (
        Listener("http", "", (PLATFORM,)),
        Listener("https-dagster-sales", "dagster-sales.acme.example", (SALES,), "dagster-sales-tls"),
        Listener("https-minio", "minio.acme.example", (PLATFORM,), "minio-tls"),
    )


def test_the_gateway_is_in_the_platforms_namespace_with_its_certificates() -> None:
    units = routes(UNITS, ingress(tls=ISSUED))
    assert units[PLATFORM].certificates == (
        Certificate("dagster-sales-tls", ("dagster-sales.acme.example",), "letsencrypt"),
        Certificate("minio-tls", ("minio.acme.example",), "letsencrypt"),
    )
    assert (units[SALES].gateway, units[SALES].certificates) == (None, ())
    assert (units[SALES].parent, units[PLATFORM].parent) == ((PLATFORM, "gateway"), ("", "gateway"))


def test_a_gateway_is_rendered_even_if_only_domains_have_interfaces() -> None:
    units = routes([facts(PLATFORM), facts(SALES, DAGSTER)], ingress())
    assert units[PLATFORM].gateway is not None
    assert units[PLATFORM].routes == ()


def test_routes_may_be_attached_to_an_external_gateway() -> None:
    ingress_: dict[str, Any] = {
        "class": None,
        "gateway": {"name": "shared", "namespace": "infra", "listener": "web"},
        "auth": LOGIN,
    }
    units = routes(UNITS, ingress(**ingress_))
    assert {namespace: (unit.gateway, unit.certificates, unit.parent) for namespace, unit in units.items()} == {
        PLATFORM: (None, (), ("infra", "shared")),
        SALES: (None, (), ("infra", "shared")),
    }
    assert {route.listener for unit in units.values() for route in unit.routes} == {"web"}
    login = units[SALES].login
    assert login is not None
    assert login.secure


def test_a_wildcard_certificate_needs_one_listener_and_other_hosts_keep_theirs() -> None:
    settings = ingress(tls={**ISSUED, "wildcard": True}, hosts={"minio": "files.of.acme.example"})
    unit = routes(UNITS, settings)[PLATFORM]
    assert unit.gateway is not None
    assert unit.gateway.listeners[1:] == (
        Listener("https", "*.acme.example", (SALES,), "wildcard-tls"),
        Listener("https-minio", "files.of.acme.example", (PLATFORM,), "minio-tls"),
    )
    assert [certificate.hosts for certificate in unit.certificates] == [("*.acme.example",), ("files.of.acme.example",)]


def test_a_certificate_of_the_store_is_read_where_tls_terminates() -> None:
    named = {"secret": "certificate"}
    units = routes(UNITS, ingress(tls=named))
    secret = units[PLATFORM].tls_secret
    assert secret is not None
    assert [key.remote for key in secret.keys] == ["certificate", "private-key"]
    assert units[SALES].tls_secret is None
    by_ingress = routes(UNITS, ingress(type="ingress", tls=named))[SALES]
    assert with_proxies(UNITS[1], by_ingress).secrets == (SecretUse(PLATFORM, "certificate"),)
    existing = routes(UNITS, ingress(type="ingress", tls={**named, "existing": True}))[SALES]
    assert with_proxies(UNITS[1], existing).secrets == ()


def test_without_tls_there_is_one_listener_for_all() -> None:
    for tls in (None, {"elsewhere": "the load balancer has it"}):
        gateway = routes(UNITS, ingress(tls=tls))[PLATFORM].gateway
        assert gateway is not None
        assert gateway.listeners == (Listener("http", "", (PLATFORM, SALES)),)
        assert not gateway.redirects


def test_ingresses_and_their_certificates_are_in_each_namespace() -> None:
    units = routes(UNITS, ingress(type="ingress", tls={**ISSUED, "http01": True}, annotations={"a.example/b": "c"}))
    unit = units[SALES]
    assert unit.gateway is None
    assert (unit.ingress_class, unit.annotations) == ("eg", (("a.example/b", "c"),))
    assert [route.secret for route in unit.routes] == ["dagster-tls"]
    assert unit.certificates == (Certificate("dagster-tls", ("dagster-sales.acme.example",), "letsencrypt"),)
    assert unit.solvers == 1


def test_solvers_are_in_the_namespaces_of_certificates_and_limited_in_number() -> None:
    many = facts(PLATFORM, *(interface(f"i{number}") for number in range(9)))
    units = routes([many, UNITS[1]], ingress(tls={**ISSUED, "http01": True}))
    assert (units[PLATFORM].solvers, units[SALES].solvers) == (4, 0)
    assert routes([many], ingress(tls=ISSUED))[PLATFORM].solvers == 0


def test_interfaces_without_a_login_are_reached_through_a_proxy() -> None:
    units = routes(UNITS, ingress(auth=LOGIN, tls=ISSUED))
    (dagster,) = units[SALES].routes
    assert (dagster.server, dagster.port.number) == ("oauth2-proxy-dagster", 4180)
    assert units[SALES].opened() == {"oauth2-proxy-dagster": {4180}}
    assert units[PLATFORM].opened() == {"minio-server": {9001}}, "the server has its own login"
    login = units[SALES].login
    assert login is not None
    assert login.secure
    assert units[PLATFORM].login is None


def test_only_the_proxy_calls_the_server_behind_it_and_reads_the_platforms_secret() -> None:
    unit = replace(UNITS[1], calls=(Call(PLATFORM, "x", "TCP", 1),))
    unit_ = with_proxies(unit, routes(UNITS, ingress(auth=LOGIN))[SALES])
    assert unit_.calls == (Call(PLATFORM, "x", "TCP", 1), Call(SALES, "dagster-server", "TCP", 3000))
    assert unit_.secrets == (SecretUse(PLATFORM, "oauth2-proxy-client"),)


def test_programs_and_declared_exceptions_get_no_proxy() -> None:
    programs = interface("otlp", for_programs=True)
    settings = ingress(auth={**LOGIN, "without": {"dagster-sales": "a test"}}, hosts={"otlp": True})
    units = routes([facts(PLATFORM, programs), UNITS[1]], settings)
    assert [route.server for unit in units.values() for route in unit.routes] == ["otlp-server", "dagster-server"]


def test_replicas_follow_from_the_scale_unless_they_are_set() -> None:
    for scale, auth, expected in (("light", LOGIN, 1), ("heavy", LOGIN, 2), ("light", {**LOGIN, "replicas": 3}, 3)):
        login = routes(UNITS, ingress(scale, auth=auth))[SALES].login
        assert login is not None
        assert login.replicas == expected


def test_every_unit_knows_that_no_other_interface_is_opened() -> None:
    units = {key.namespace: derived for key, derived in derive(UNITS, ingress(auth=LOGIN)).items()}
    assert units["floe-empty-domain"].ingress == UnitIngress()
    assert units["floe-empty-domain"].ingress.is_empty
    assert units[SALES].callers == {"dagster-server": {SALES: (("TCP", 3000),)}}
    assert derive(UNITS)[UNITS[0].key].ingress is None, "without an ingress, all interfaces are open"
