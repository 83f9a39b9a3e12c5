"""Ingresses, and the namespace of the controller that must reach their pods."""

from __future__ import annotations

from check.samples import Platform, resource
from floe_compiler.link.ingresses import check
from link.two_namespaces import DOMAIN, in_namespace, two_namespaces


def reached_from(namespace: str) -> Platform:
    platform = two_namespaces()
    platform["NetworkPolicy/dagster-ui"]["spec"]["ingress"][0]["from"] = [in_namespace(namespace)]
    return platform


def test_an_ingress_to_pods_that_an_external_namespace_reaches_is_accepted() -> None:
    assert reached_from("ingress-nginx").findings(check) == []


def test_a_route_to_pods_that_only_the_environment_reaches_is_reported() -> None:
    gateway, service = {"name": "gateway"}, {"kind": "Service", "group": "", "name": "dagster"}
    for parent, backend, expected in (
        (gateway, {"port": 3000}, 1),
        (gateway, {"port": 9}, 0),
        (gateway, {"port": 3000, "namespace": "other"}, 0),
        (service, {"port": 3000}, 0),
    ):
        platform = reached_from(DOMAIN)
        del platform.objects["Ingress/dagster"]
        spec = {
            "parentRefs": [parent],
            "hostnames": ["a.example"],
            "rules": [{"backendRefs": [{"name": "dagster", **backend}]}],
        }
        platform.add(resource("gateway.networking.k8s.io/v1", "HTTPRoute", "dagster", spec=spec))
        findings = [finding for finding in platform.findings(check) if finding[0] == "C065"]
        assert [name for _, name, _ in findings] == [
            "HTTPRoute.gateway.networking.k8s.io floe-platform/dagster"
        ] * expected


def test_an_ingress_to_pods_that_only_the_environment_reaches_is_reported() -> None:
    message = "no policy lets the ingress controller reach floe-platform/dagster on port 3000"
    assert reached_from(DOMAIN).findings(check) == [
        ("C065", "Ingress.networking.k8s.io floe-platform/dagster", message)
    ]
