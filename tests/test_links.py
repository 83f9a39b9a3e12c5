"""Connections between clusters, seen only in what is rendered: name, port and policy at both ends must agree.

Nothing of the compiler is used here but the output of `tests/golden/clusters`: each host that a cluster names and that
another one has is followed through the Gateway, the route and the Service to the pods, and through all policies.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

OUTPUT = Path(__file__).parent / "golden" / "clusters" / "output" / "prod"
CLUSTERS = ("eu-west", "shared", "us-east")
REACHED_AT = ipaddress.ip_network("203.0.113.0/28")
"""Where the environment says that the Gateway of the cluster `shared` is."""

CONTROLLER = "envoy-gateway-system"
HOST = re.compile(r"(?:(https?)://)?\b([a-z0-9-]+(?:\.[a-z0-9-]+)*\.mesh\.acme\.example)(?::(\d+))?")
INSIDE = re.compile(r"\b([a-z0-9-]+)\.([a-z0-9-]+)\.svc\.cluster\.local\b")

Object = Mapping[str, Any]


class Named(NamedTuple):
    """A host of another cluster that something in a namespace of a cluster names, with scheme and port."""

    cluster: str
    namespace: str
    scheme: str
    host: str
    port: int


@cache
def objects(cluster: str) -> tuple[Object, ...]:
    return tuple(yaml.load(path.read_text(), yaml.CSafeLoader) for path in sorted((OUTPUT / cluster).rglob("*.yaml")))


def of_kind(cluster: str, kind: str, namespace: str = "") -> list[Object]:
    found = [one for one in objects(cluster) if one["kind"] == kind]
    return [one for one in found if namespace in ("", one["metadata"].get("namespace"))]


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from texts(item)


@cache
def named() -> frozenset[Named]:
    """Return every host of a link that is named outside of routes, Gateways and certificates."""
    kinds = ("ConfigMap", "CronJob", "DaemonSet", "Deployment", "Job", "StatefulSet")
    return frozenset(
        Named(cluster, one["metadata"]["namespace"], scheme, host, int(port or 443))
        for cluster in CLUSTERS
        for kind in kinds
        for one in of_kind(cluster, kind)
        for text in texts(one)
        for scheme, host, port in HOST.findall(text)
    )


def test_each_cluster_reaches_what_the_picture_says() -> None:
    shared = {"marquez-http", "otel-collector-otlp", "polaris-http"}
    for cluster in ("us-east", "eu-west"):
        assert {one.host.partition(".")[0] for one in named() if one.cluster == cluster} == shared
    assert not [one for one in named() if one.cluster == "shared"], "the shared services call no domain"


def selects(selector: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    return selector.items() <= labels.items()


def workloads(cluster: str, namespace: str) -> Iterator[Object]:
    """Yield the pod templates of the servers of a namespace."""
    for kind in ("DaemonSet", "Deployment", "StatefulSet"):
        yield from (one["spec"]["template"] for one in of_kind(cluster, kind, namespace))


def test_no_name_leads_to_a_service_that_only_another_cluster_has() -> None:
    for cluster in CLUSTERS:
        services = {(one["metadata"]["name"], one["metadata"]["namespace"]) for one in of_kind(cluster, "Service")}
        used = {found for one in objects(cluster) for text in texts(one) for found in INSIDE.findall(text)}
        assert used, cluster
        assert not {one for one in used if one[1].startswith("floe-")} - services, cluster


@pytest.mark.parametrize("one", sorted(named()), ids=lambda one: f"{one.cluster} {one.namespace} {one.host}")
def test_a_named_host_leads_to_its_server_through_all_policies(one: Named) -> None:
    assert (one.scheme or "https", one.port) == ("https", 8443 if one.host.startswith("otel-collector") else 443)
    gateways = [
        (cluster, gateway, listener)
        for cluster in CLUSTERS
        for gateway in of_kind(cluster, "Gateway")
        for listener in gateway["spec"]["listeners"]
        if listener["port"] == one.port and fnmatchcase(one.host, listener["hostname"])
    ]
    ((there, gateway, listener),) = gateways
    assert there != one.cluster
    namespace = gateway["metadata"]["namespace"]
    certified(there, namespace, listener, one.host)
    server(there, namespace, gateway["metadata"]["name"], listener["name"], one.host)
    let_out(one)


def certified(cluster: str, namespace: str, listener: Object, host: str) -> None:
    """The listener's certificate is for the host: a wildcard is for one label."""
    (secret,) = listener["tls"]["certificateRefs"]
    (certificate,) = [
        one for one in of_kind(cluster, "Certificate", namespace) if one["spec"]["secretName"] == secret["name"]
    ]
    assert f"*.{host.partition('.')[2]}" in certificate["spec"]["dnsNames"]


def server(cluster: str, namespace: str, gateway: str, listener: str, host: str) -> None:
    """One route has the host; its Service has the port, and pods, whose policy lets the Gateway's pods in."""
    routes = [*of_kind(cluster, "HTTPRoute"), *of_kind(cluster, "GRPCRoute")]
    (route,) = [one for one in routes if host in one["spec"]["hostnames"]]
    assert route["spec"]["parentRefs"] == [{"name": gateway, "sectionName": listener}]
    assert route["metadata"]["namespace"] == namespace, "the listener takes routes of its own namespace only"
    ((rule),) = route["spec"]["rules"]
    ((backend),) = rule["backendRefs"]
    (service,) = [one for one in of_kind(cluster, "Service", namespace) if one["metadata"]["name"] == backend["name"]]
    (port,) = [one for one in service["spec"]["ports"] if one["port"] == backend["port"]]
    templates = [
        one for one in workloads(cluster, namespace) if selects(service["spec"]["selector"], one["metadata"]["labels"])
    ]
    assert templates
    for template in templates:
        ports = [(each["name"], each["containerPort"]) for c in template["spec"]["containers"] for each in c["ports"]]
        number = next(number for name, number in ports if port["targetPort"] in (name, number))
        assert lets_in(cluster, namespace, template["metadata"]["labels"], number), host


def lets_in(cluster: str, namespace: str, labels: Mapping[str, str], port: int) -> bool:
    return any(
        each["port"] == port
        for policy in of_kind(cluster, "NetworkPolicy", namespace)
        if selects(policy["spec"]["podSelector"].get("matchLabels", {}), labels)
        for rule in policy["spec"].get("ingress", ())
        if {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": CONTROLLER}}} in rule["from"]
        for each in rule["ports"]
    )


def let_out(one: Named) -> None:
    """Pods of the namespace that names the host may reach the Gateway's addresses, on its port and nowhere wider."""
    blocks = [
        (ipaddress.ip_network(peer["ipBlock"]["cidr"]), {each["port"] for each in rule["ports"]})
        for policy in of_kind(one.cluster, "NetworkPolicy", one.namespace)
        for rule in policy["spec"].get("egress", ())
        for peer in rule.get("to", ())
        if "ipBlock" in peer
    ]
    assert (REACHED_AT, {one.port}) in blocks


def test_collectors_show_the_certificate_that_the_gateway_asks_for() -> None:
    (gateway,) = of_kind("shared", "Gateway")
    (asks,) = gateway["spec"]["tls"]["frontend"]["perPort"]
    assert (asks["port"], gateway["spec"]["tls"]["frontend"]["default"]) == (8443, {}), "nobody else can show one"
    assert asks["tls"]["validation"]["caCertificateRefs"] == [
        {"group": "", "kind": "ConfigMap", "name": "cluster-clients"}
    ]
    for cluster in ("us-east", "eu-west"):
        (collector,) = of_kind(cluster, "Deployment", "floe-platform")
        pod = collector["spec"]["template"]["spec"]
        (secret, folder) = next(
            (volume["secret"]["secretName"], mount["mountPath"])
            for volume in pod["volumes"]
            for mount in pod["containers"][0]["volumeMounts"]
            if mount["name"] == volume["name"] == "client-certificate"
        )
        (certificate,) = [one for one in of_kind(cluster, "Certificate") if one["spec"]["secretName"] == secret]
        assert "client auth" in certificate["spec"]["usages"]
        assert certificate["spec"]["issuerRef"]["name"] == "acme-clusters"
        (found,) = [one for one in of_kind(cluster, "ConfigMap") if one["metadata"]["name"] == "otel-collector"]
        (exporter,) = yaml.safe_load(found["data"]["relay.yaml"])["exporters"].values()
        assert exporter["tls"]["cert_file"] == f"{folder}/tls.crt"
        assert exporter["tls"]["key_file"] == f"{folder}/tls.key"


def test_a_route_is_for_each_that_is_called_and_for_nothing_else() -> None:
    routes = [*of_kind("shared", "HTTPRoute"), *of_kind("shared", "GRPCRoute")]
    assert {host for one in routes for host in one["spec"]["hostnames"]} == {one.host for one in named()}
    for cluster in ("us-east", "eu-west"):
        assert not of_kind(cluster, "Gateway"), "nobody calls what is here"


def test_local_collectors_send_everything_to_the_central_one() -> None:
    for cluster in ("us-east", "eu-west"):
        (found,) = [one for one in of_kind(cluster, "ConfigMap") if one["metadata"]["name"] == "otel-collector"]
        configuration = yaml.load(found["data"]["relay.yaml"], yaml.CSafeLoader)
        (endpoint,) = [one["endpoint"] for one in configuration["exporters"].values()]
        assert endpoint == "otel-collector-otlp.shared.mesh.acme.example:8443"
        for pipeline in configuration["service"]["pipelines"].values():
            assert pipeline["exporters"] == [*configuration["exporters"]]
            assert "probabilistic_sampler" not in pipeline["processors"], "the central collector samples"
