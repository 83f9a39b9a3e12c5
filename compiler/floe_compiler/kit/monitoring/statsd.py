"""An exporter for programs that send their metrics as StatsD packets: it keeps them for Prometheus."""

from __future__ import annotations

from typing import Any

from floe_compiler.kit.products.data_product import IDENTITY
from floe_compiler.model.endpoint import Endpoint, Port, service_endpoint
from floe_compiler.model.facts import ConfigFile, Container, Pod, Probe, Resources, Workload
from floe_compiler.model.operations import Metrics, Panel, RunMetrics
from floe_compiler.model.plan import Instance

IMAGE = "quay.io/prometheus/statsd-exporter:v0.28.0"
STATSD = Port("statsd", 9125, protocol="UDP")
PORT = Port("metrics", 9102, health="/-/healthy")
MAPPING = "/etc/statsd/mapping.yaml"
RESOURCES = Resources("20m", "32Mi", "250m", "128Mi")


def receiver(name: str, instance: Instance[Any]) -> Endpoint:
    """Return the receiver of packets of the exporter `name`."""
    return service_endpoint(name, instance.namespace, instance.settings.cluster.domain, (STATSD,))


def exporter(name: str, panels: tuple[Panel, ...], mapping: str, runs: tuple[RunMetrics, ...] = ()) -> Workload:
    """Return the exporter `name`.

    Args:
        name: Its name, and that of its ConfigMap.
        panels: What dashboards show of its metrics.
        mapping: How metrics of StatsD become those of Prometheus.
        runs: What the metrics say of an orchestrator's runs.
    """
    alive = Probe(PORT.name, PORT.health)
    container = Container(
        "exporter",
        IMAGE,
        RESOURCES,
        arguments=(f"--statsd.mapping-config={MAPPING}", "--statsd.listen-tcp="),
        ports=(STATSD, PORT),
        liveness=alive,
        readiness=alive,
        config=(ConfigFile(MAPPING, mapping, name),),
    )
    return Workload(
        name,
        Pod((container,), IDENTITY),
        awaited=False,
        single="It keeps counts, and each packet goes to one replica.",
        metrics=(Metrics(PORT.name, panels=panels, runs=runs),),
    )
