"""Hand-written Ingresses and routes to servers of the platform that ask nobody for a login."""

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


def platform(*written: Object, production: bool = True) -> Platform:
    """Return a platform whose Dagster asks nobody for a login, with objects that are written by hand."""
    platform_ = two_namespaces()
    for manifest in written:
        platform_.add(manifest)
    platform_.facts |= {
        "production": production,
        "open_servers": frozenset({OpenServer("dagster", DAGSTER, 3000)}),
        "values": {str(identify(manifest)): {} for manifest in written},
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
    ("written", "field"),
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
def test_it_is_an_error_in_production_and_a_warning_elsewhere(written: Object, field: str) -> None:
    message = f"{field} leads to floe-platform/dagster on port 3000, which asks nobody for a login"
    for production, code in ((True, "C191"), (False, "C192")):
        diagnostics = platform(written, production=production).diagnostics(logins.check)
        assert [(diagnostic.rule.code, diagnostic.message) for diagnostic in diagnostics] == [(code, message)]
    assert (logins.IN_PRODUCTION.severity, logins.ELSEWHERE.severity) == ("error", "warning")


def test_one_server_is_one_mistake_however_many_rules_lead_there() -> None:
    rules = [{"backendRefs": [TO_DAGSTER]}, {"backendRefs": [TO_DAGSTER]}]
    assert len(platform(route(rules=rules)).findings(logins.check)) == 1


@pytest.mark.parametrize("reason", ["the Gateway asks", ""])
def test_only_a_reason_answers_it(reason: str) -> None:
    written = route()
    written["metadata"]["annotations"] = {f"{EXCEPTION}{LOGIN}": reason}
    assert len(platform(written).findings(logins.check)) == (0 if reason else 1)


@pytest.mark.parametrize(
    "written",
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
def test_no_false_alarm(written: Object) -> None:
    assert platform(written).findings(logins.check) == []


def test_another_service_to_the_same_pods_is_no_way_out() -> None:
    other = copy.deepcopy(two_namespaces()["Service/dagster"])
    other["metadata"]["name"] = "open"
    other["spec"]["ports"] = [{"name": "web", "port": 80, "targetPort": 3000}]
    (diagnostic,) = platform(other, route({"name": "open", "port": 80})).diagnostics(logins.check)
    assert diagnostic.message.endswith("leads to floe-platform/open on port 80, which asks nobody for a login")


def test_the_service_of_an_operators_pods_is_known_though_it_is_not_rendered() -> None:
    own = platform(route({"name": "prometheus-operated", "port": 9090}))
    own.facts["open_servers"] = {OpenServer("prometheus-operated", PodGroup(NAMESPACE, "prometheus"), 9090)}
    assert len(own.findings(logins.check)) == 1


def test_what_the_compiler_renders_is_checked_once_a_patch_changed_it() -> None:
    own = platform(route())
    own.facts["values"] = {}
    assert own.findings(logins.check) == []
    own.facts["patched"] = {str(identify(own["HTTPRoute/own"])): ()}
    assert len(own.findings(logins.check)) == 1


def test_a_policy_is_not_what_production_needs() -> None:
    own = platform(by_path(number=3000))
    rule = own["NetworkPolicy/dagster-ui"]["spec"]["ingress"][0]
    rule["from"] = [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": DOMAIN}}}]
    about = "Ingress.networking.k8s.io floe-platform/own"
    for production, expected in ((True, []), (False, ["C065"])):
        own.facts["production"] = production
        assert [code for code, subject, _ in own.findings(ingresses.check) if subject == about] == expected
