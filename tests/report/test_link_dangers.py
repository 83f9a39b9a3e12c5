"""A reviewer sees what other clusters no longer or newly reach, and client certificates no longer required."""

from __future__ import annotations

from typing import Any

import pytest

from floe_compiler.model.objects import Object, identify
from floe_compiler.report.dangers import Objects, Surroundings, dangers_of
from report.samples import resource

COMPONENT = "app.kubernetes.io/component"
EXPORT = resource("ServiceExport", "polaris", api="multicluster.x-k8s.io/v1alpha1")


def dangers(before: Object | None, after: Object | None) -> list[tuple[str, str]]:
    manifest = before or after
    assert manifest is not None
    reported = dangers_of(identify(manifest), before, after, Surroundings((), Objects(())))
    return [(danger.word, danger.sentence) for danger in reported]


def service(name: str, *ports: int, pods: str = "polaris", **labels: str) -> Object:
    metadata = {"name": name, "namespace": "a", "labels": {COMPONENT: pods, **labels}}
    spec = {"selector": {COMPONENT: pods}, "ports": [{"port": port} for port in ports]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}


MIRRORED = service("polaris", 8181, **{"mirror.linkerd.io/exported": "true"})
NAMED = service("polaris-hub", 8181, **{COMPONENT: "polaris-hub"})


@pytest.mark.parametrize(("offer", "name"), [(EXPORT, "polaris"), (NAMED, "polaris-hub:8181")])
def test_an_added_or_removed_export_of_a_server_is_reported(offer: Object, name: str) -> None:
    assert dangers(None, offer) == [("exposed", f"other clusters can reach {name}")]
    assert dangers(offer, None) == [("link-removed", f"other clusters no longer reach {name} here")]
    assert dangers(offer, offer) == []


def test_a_removed_mirror_of_a_remaining_service_is_reported() -> None:
    plain = service("polaris", 8181)
    assert dangers(MIRRORED, plain) == [("link-removed", "other clusters no longer reach polaris:8181 here")]
    assert dangers(plain, MIRRORED) == [("exposed", "other clusters can reach polaris:8181")]


def test_an_added_port_is_reported() -> None:
    more = service("polaris-hub", 8181, 8182, **{COMPONENT: "polaris-hub"})
    assert dangers(NAMED, more) == [("exposed", "other clusters can reach polaris-hub:8182")]


def test_services_within_one_cluster_are_not_links() -> None:
    stub = {**NAMED, "spec": {"ports": [{"port": 8181}]}}
    for manifest in (service("polaris", 8181), service("polaris-headless", 8181), stub):
        assert dangers(None, manifest) == dangers(manifest, None) == []


def gateway(authorities: dict[int, str], *ports: int) -> Object:
    def refs(name: str) -> Any:
        return {"validation": {"caCertificateRefs": [{"group": "", "kind": "ConfigMap", "name": name}]}}

    spec: dict[str, Any] = {"listeners": [{"name": f"at-{port}", "port": port} for port in ports]}
    if authorities:
        per_port = [{"port": port, "tls": refs(name)} for port, name in authorities.items()]
        spec["tls"] = {"frontend": {"default": {}, "perPort": per_port}}
    return resource("Gateway", "clusters", api="gateway.networking.k8s.io/v1", spec=spec)


def test_an_added_port_of_a_gateway_is_reported() -> None:
    assert dangers(gateway({}, 443), gateway({}, 443, 8443)) == [("exposed", "now takes connections on port 8443")]
    assert dangers(gateway({}, 443, 8443), gateway({}, 443)) == dangers(None, gateway({}, 443)) == []


def test_client_certificates_that_are_no_longer_required_are_reported() -> None:
    asks = gateway({8443: "clients"}, 443, 8443)
    word, off = "clients-unverified", "no longer asks clients for a certificate on port 8443"
    assert dangers(asks, gateway({}, 443, 8443)) == dangers(asks, gateway({}, 443)) == [(word, off)]
    message = "takes certificates of clients by ConfigMap all instead of ConfigMap clients on port 8443"
    assert dangers(asks, gateway({8443: "all"}, 443, 8443)) == [(word, message)]
    assert dangers(gateway({}, 443, 8443), asks) == []
