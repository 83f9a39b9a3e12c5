"""The configuration of Prometheus: what it collects, and where its alerts go.

It finds pods by the DNS names of headless Services: that needs no rights, and finds every replica. The API server's
list of pods would need the right to read every pod.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from floe_compiler.kit.workloads import headless_name
from floe_compiler.model.endpoint import Endpoint, service_endpoint
from floe_compiler.model.mesh_facts import ScrapeTarget

REPLICA = "replica"
"""The label by which the series of two replicas differ; alerts do not have it, so that both send the same ones."""


def configuration(
    targets: Iterable[ScrapeTarget],
    interval: str,
    cluster_domain: str,
    alertmanager: Endpoint | None,
    rules: Iterable[str],
    foreign: Endpoint | None = None,
) -> dict[str, Any]:
    """Return the configuration of Prometheus.

    Args:
        targets: What it collects.
        interval: How often.
        cluster_domain: The end of the names of Services.
        alertmanager: Where alerts go.
        rules: The files with rules; only the last part of a path may be a pattern.
        foreign: A Service that others keep, whose metrics are about objects of all namespaces.
    """
    return {
        "global": {
            "scrape_interval": interval,
            "evaluation_interval": interval,
            "external_labels": {REPLICA: "${POD_NAME}"},
        },
        "rule_files": [*rules],
        "alerting": {
            "alert_relabel_configs": [{"action": "labeldrop", "regex": REPLICA}],
            "alertmanagers": [{"dns_sd_configs": [_pods(alertmanager, cluster_domain)]}] if alertmanager else [],
        },
        "scrape_configs": [
            *(_scraped(target, cluster_domain) for target in targets),
            *((_scraped_service(foreign),) if foreign else ()),
        ],
    }


def _pods(server: Endpoint, cluster_domain: str) -> dict[str, Any]:
    """Return how the pods of a server are found: by the addresses of its headless Service."""
    if server.group is None:
        raise ValueError(f"{server.host} is outside the platform")
    group, port = server.group, server.port()
    host = service_endpoint(headless_name(group.name), group.namespace, cluster_domain, (port,)).host
    return {"names": [host], "type": "A", "port": port.number}


def _scraped(target: ScrapeTarget, cluster_domain: str) -> dict[str, Any]:
    return {
        "job_name": f"{target.namespace}/{target.job}",
        "metrics_path": target.path,
        **_secured(target.endpoint),
        **({"honor_labels": True} if target.own_labels else {}),
        "dns_sd_configs": [_pods(target.endpoint, cluster_domain)],
        "relabel_configs": [
            {"target_label": "namespace", "replacement": target.namespace},
            {"target_label": "job", "replacement": target.job},
        ],
    }


def _secured(server: Endpoint) -> dict[str, Any]:
    """Return how a server with a certificate is asked: pods are found by address, which is not in the certificate."""
    return {"scheme": "https", "tls_config": {"server_name": server.host}} if server.port().tls else {}


def _scraped_service(service: Endpoint) -> dict[str, Any]:
    """Return how a Service of others is scraped: any of its pods, as all know the same objects."""
    return {
        "job_name": service.host.partition(".")[0],
        "honor_labels": True,
        "static_configs": [{"targets": [service.address()]}],
    }
