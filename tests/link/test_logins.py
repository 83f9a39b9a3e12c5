"""Hand-written Ingresses and routes to servers of the platform without a login."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from check.samples import DAGSTER, NAMESPACE, Platform, resource
from floe_compiler.link import ingresses, logins
from floe_compiler.model.annotations import EXCEPTION, LOGIN
from floe_compiler.model.objects import Object, identify
from floe_compiler.model.rendered import OpenServer, PodGroup
from link.two_namespaces import DOMAIN, two_namespaces

TO_DAGSTER: Object = {"name": "dagster", "port": 3000}


def platform(*manifests: Object, production: bool = True) -> Platform:
    """Return a platform whose Dagster has no login, with hand-written objects."""
    platform_ = two_namespaces()
    for manifest in manifests:
        platform_.add(manifest)
    platform_.facts |= {
        "production": production,
        "open_servers": frozenset({OpenServer("dagster", DAGSTER, 3000)}),
        "values": {str(identify(manifest)): {} for manifest in manifests},
    }
    return platform_


def route(backend: Object = TO_DAGSTER, kind: str = "HTTPRoute", namespace: str = NAMESPACE, **spec: Any) -> Object:
    route_spec = {"parentRefs": [{"name": "gateway"}], "rules": [{"backendRefs": [backend]}], **spec}
    return resource("gateway.networking.k8s.io/v1", kind, "own", namespace, spec=route_spec)


def ingress(**spec: Any) -> Object:
    return resource("networking.k8s.io/v1", "Ingress", "own", spec=spec)


def backend(**port: Any) -> Object:
    return {"service": {"name": "dagster", "port": port}}


def by_path(**port: Any) -> Object:
    paths = [{"path": "/", "pathType": "Prefix", "backend": backend(**port)}]
    return ingress(rules=[{"host": "a.example", "http": {"paths": paths}}])


ROUTE_FIELD = "spec.rules[0].backendRefs[dagster].name"
PATH_FIELD = "spec.rules[0].http.paths[0].backend.service.name"


@pytest.mark.parametrize(
    ("manifest", "field"),
    [
        (route(), ROUTE_FIELD),
        (route(kind="GRPCRoute"), ROUTE_FIELD),
        (route({**TO_DAGSTER, "namespace": NAMESPACE}, namespace=DOMAIN), ROUTE_FIELD),
        (by_path(number=3000), PATH_FIELD),
        (by_path(name="main"), PATH_FIELD),
        (ingress(defaultBackend=backend(number=3000)), "spec.defaultBackend.service.name"),
    ],
    ids=["HTTPRoute", "GRPCRoute", "of another namespace", "Ingress", "port by name", "default backend"],
)
def test_a_route_without_a_login_is_an_error_in_production_and_a_warning_elsewhere(
    manifest: Object, field: str
) -> None:
    message = f"{field} leads to floe-platform/dagster on port 3000, which asks nobody for a login"
    for production, code in ((True, "C191"), (False, "C192")):
        diagnostics = platform(manifest, production=production).diagnostics(logins.check)
        assert [(diagnostic.rule.code, diagnostic.message) for diagnostic in diagnostics] == [(code, message)]
    assert (logins.IN_PRODUCTION.severity, logins.ELSEWHERE.severity) == ("error", "warning")


def test_many_rules_to_one_server_are_one_error() -> None:
    rules = [{"backendRefs": [TO_DAGSTER]}, {"backendRefs": [TO_DAGSTER]}]
    assert len(platform(route(rules=rules)).findings(logins.check)) == 1


@pytest.mark.parametrize("reason", ["the Gateway asks", ""])
def test_only_a_reason_removes_the_error(reason: str) -> None:
    manifest = route()
    manifest["metadata"]["annotations"] = {f"{EXCEPTION}{LOGIN}": reason}
    assert len(platform(manifest).findings(logins.check)) == (0 if reason else 1)


@pytest.mark.parametrize(
    "manifest",
    [
        route({"name": "oauth2-proxy-dagster", "port": 4180}),
        route({"name": "polaris", "port": 8181}),
        route({"name": "dagster", "port": 9000}),
        route(parentRefs=[{"kind": "Service", "group": "", "name": "dagster"}]),
        ingress(defaultBackend={"resource": {"kind": "Bucket", "name": "dagster"}}),
        by_path(name="use-annotation"),
    ],
    ids=["proxy", "other server", "other port", "service mesh", "no Service", "action"],
)
def test_routes_with_a_login_are_accepted(manifest: Object) -> None:
    assert platform(manifest).findings(logins.check) == []


def test_another_service_for_the_same_pods_is_reported_too() -> None:
    second_service = copy.deepcopy(two_namespaces()["Service/dagster"])
    second_service["metadata"]["name"] = "open"
    second_service["spec"]["ports"] = [{"name": "web", "port": 80, "targetPort": 3000}]
    (diagnostic,) = platform(second_service, route({"name": "open", "port": 80})).diagnostics(logins.check)
    assert diagnostic.message.endswith("leads to floe-platform/open on port 80, which asks nobody for a login")


def test_the_service_of_an_operators_pods_is_known_though_it_is_not_rendered() -> None:
    own = platform(route({"name": "prometheus-operated", "port": 9090}))
    own.facts["open_servers"] = {OpenServer("prometheus-operated", PodGroup(NAMESPACE, "prometheus"), 9090)}
    assert len(own.findings(logins.check)) == 1


def test_rendered_routes_are_checked_after_a_patch() -> None:
    own = platform(route())
    own.facts["values"] = {}
    assert own.findings(logins.check) == []
    own.facts["patched"] = {str(identify(own["HTTPRoute/own"])): ()}
    assert len(own.findings(logins.check)) == 1


def test_a_network_policy_does_not_replace_a_login() -> None:
    own = platform(by_path(number=3000))
    rule = own["NetworkPolicy/dagster-ui"]["spec"]["ingress"][0]
    rule["from"] = [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": DOMAIN}}}]
    about = "Ingress.networking.k8s.io floe-platform/own"
    for production, expected in ((True, []), (False, ["C065"])):
        own.facts["production"] = production
        assert [code for code, subject, _ in own.findings(ingresses.check) if subject == about] == expected
