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
    manifests = [manifest for manifest in objects(cluster) if manifest["kind"] == kind]
    return [manifest for manifest in manifests if namespace in ("", manifest["metadata"].get("namespace"))]


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
        Named(cluster, manifest["metadata"]["namespace"], scheme, host, int(port or 443))
        for cluster in CLUSTERS
        for kind in kinds
        for manifest in of_kind(cluster, kind)
        for text in texts(manifest)
        for scheme, host, port in HOST.findall(text)
    )


def test_each_cluster_reaches_the_documented_servers() -> None:
    shared = {"marquez-http", "otel-collector-otlp", "polaris-http"}
    for cluster in ("us-east", "eu-west"):
        assert {server.host.partition(".")[0] for server in named() if server.cluster == cluster} == shared
    assert not [server for server in named() if server.cluster == "shared"], "the shared services call no domain"


def selects(selector: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    return selector.items() <= labels.items()


def workloads(cluster: str, namespace: str) -> Iterator[Object]:
    """Yield the pod templates of the servers of a namespace."""
    for kind in ("DaemonSet", "Deployment", "StatefulSet"):
        yield from (manifest["spec"]["template"] for manifest in of_kind(cluster, kind, namespace))


def test_no_name_refers_to_a_service_of_another_cluster_only() -> None:
    for cluster in CLUSTERS:
        services = {
            (manifest["metadata"]["name"], manifest["metadata"]["namespace"])
            for manifest in of_kind(cluster, "Service")
        }
        used = {host for manifest in objects(cluster) for text in texts(manifest) for host in INSIDE.findall(text)}
        assert used, cluster
        assert not {service for service in used if service[1].startswith("floe-")} - services, cluster


@pytest.mark.parametrize("link", sorted(named()), ids=lambda link_: f"{link_.cluster} {link_.namespace} {link_.host}")
def test_a_named_host_leads_to_its_server_through_all_policies(link: Named) -> None:
    assert (link.scheme or "https", link.port) == ("https", 8443 if link.host.startswith("otel-collector") else 443)
    gateways = [
        (cluster, gateway, listener)
        for cluster in CLUSTERS
        for gateway in of_kind(cluster, "Gateway")
        for listener in gateway["spec"]["listeners"]
        if listener["port"] == link.port and fnmatchcase(link.host, listener["hostname"])
    ]
    ((target, gateway, listener),) = gateways
    assert target != link.cluster
    namespace = gateway["metadata"]["namespace"]
    certified(target, namespace, listener, link.host)
    server(target, namespace, gateway["metadata"]["name"], listener["name"], link.host)
    let_out(link)


def certified(cluster: str, namespace: str, listener: Object, host: str) -> None:
    """The listener's certificate is for the host: a wildcard is for one label."""
    (secret,) = listener["tls"]["certificateRefs"]
    (certificate,) = [
        manifest
        for manifest in of_kind(cluster, "Certificate", namespace)
        if manifest["spec"]["secretName"] == secret["name"]
    ]
    assert f"*.{host.partition('.')[2]}" in certificate["spec"]["dnsNames"]


def server(cluster: str, namespace: str, gateway: str, listener: str, host: str) -> None:
    """One route has the host; its Service has the port, and pods, whose policy lets the Gateway's pods in."""
    routes = [*of_kind(cluster, "HTTPRoute"), *of_kind(cluster, "GRPCRoute")]
    (route,) = [manifest for manifest in routes if host in manifest["spec"]["hostnames"]]
    assert route["spec"]["parentRefs"] == [{"name": gateway, "sectionName": listener}]
    assert route["metadata"]["namespace"] == namespace, "the listener takes routes of its own namespace only"
    ((rule),) = route["spec"]["rules"]
    ((backend),) = rule["backendRefs"]
    (service,) = [
        manifest
        for manifest in of_kind(cluster, "Service", namespace)
        if manifest["metadata"]["name"] == backend["name"]
    ]
    (port,) = [port_ for port_ in service["spec"]["ports"] if port_["port"] == backend["port"]]
    templates = [
        manifest
        for manifest in workloads(cluster, namespace)
        if selects(service["spec"]["selector"], manifest["metadata"]["labels"])
    ]
    assert templates
    for template in templates:
        ports = [
            (port_["name"], port_["containerPort"]) for c in template["spec"]["containers"] for port_ in c["ports"]
        ]
        number = next(number for name, number in ports if port["targetPort"] in (name, number))
        assert lets_in(cluster, namespace, template["metadata"]["labels"], number), host


def lets_in(cluster: str, namespace: str, labels: Mapping[str, str], port: int) -> bool:
    return any(
        port_["port"] == port
        for policy in of_kind(cluster, "NetworkPolicy", namespace)
        if selects(policy["spec"]["podSelector"].get("matchLabels", {}), labels)
        for rule in policy["spec"].get("ingress", ())
        if {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": CONTROLLER}}} in rule["from"]
        for port_ in rule["ports"]
    )


def let_out(link: Named) -> None:
    """Pods of the namespace that names the host may reach the Gateway's addresses, on its port and nowhere wider."""
    blocks = [
        (ipaddress.ip_network(peer["ipBlock"]["cidr"]), {port_["port"] for port_ in rule["ports"]})
        for policy in of_kind(link.cluster, "NetworkPolicy", link.namespace)
        for rule in policy["spec"].get("egress", ())
        for peer in rule.get("to", ())
        if "ipBlock" in peer
    ]
    assert (REACHED_AT, {link.port}) in blocks


def test_collectors_present_the_certificate_that_the_gateway_requires() -> None:
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
        (certificate,) = [
            manifest for manifest in of_kind(cluster, "Certificate") if manifest["spec"]["secretName"] == secret
        ]
        assert "client auth" in certificate["spec"]["usages"]
        assert certificate["spec"]["issuerRef"]["name"] == "acme-clusters"
        (config_map,) = [
            manifest for manifest in of_kind(cluster, "ConfigMap") if manifest["metadata"]["name"] == "otel-collector"
        ]
        (exporter,) = yaml.safe_load(config_map["data"]["relay.yaml"])["exporters"].values()
        assert exporter["tls"]["cert_file"] == f"{folder}/tls.crt"
        assert exporter["tls"]["key_file"] == f"{folder}/tls.key"


def test_exactly_the_called_servers_have_a_route() -> None:
    routes = [*of_kind("shared", "HTTPRoute"), *of_kind("shared", "GRPCRoute")]
    assert {host for named_ in routes for host in named_["spec"]["hostnames"]} == {named_.host for named_ in named()}
    for cluster in ("us-east", "eu-west"):
        assert not of_kind(cluster, "Gateway"), "nobody calls what is here"


def test_local_collectors_send_everything_to_the_central_one() -> None:
    for cluster in ("us-east", "eu-west"):
        (config_map,) = [
            manifest for manifest in of_kind(cluster, "ConfigMap") if manifest["metadata"]["name"] == "otel-collector"
        ]
        configuration = yaml.load(config_map["data"]["relay.yaml"], yaml.CSafeLoader)
        (endpoint,) = [exporter["endpoint"] for exporter in configuration["exporters"].values()]
        assert endpoint == "otel-collector-otlp.shared.mesh.acme.example:8443"
        for pipeline in configuration["service"]["pipelines"].values():
            assert pipeline["exporters"] == [*configuration["exporters"]]
            assert "probabilistic_sampler" not in pipeline["processors"], "the central collector samples"
