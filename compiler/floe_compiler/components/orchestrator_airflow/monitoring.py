"""Metrics and alerts of Airflow: its processes send metrics as StatsD packets, an exporter keeps them for Prometheus.

The names were read from the exporter with Airflow 3.3, whose processes and steps sent to it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from floe_compiler.kit.products.data_product import IDENTITY
from floe_compiler.kit.products.product_alerts import quality_alerts
from floe_compiler.kit.scripts import script
from floe_compiler.model.alerts import Alert
from floe_compiler.model.endpoint import Endpoint, Port, service_endpoint
from floe_compiler.model.facts import ConfigFile, Container, Pod, Probe, Resources, Workload
from floe_compiler.model.operations import Metrics, Panel
from floe_compiler.model.plan import Context, Instance

NAME = "airflow-statsd"
IMAGE = "quay.io/prometheus/statsd-exporter:v0.28.0"
STATSD = Port("statsd", 9125, protocol="UDP")
PORT = Port("metrics", 9102, health="/-/healthy")
MAPPING = "/etc/statsd/mapping.yaml"
RESOURCES = Resources("20m", "32Mi", "250m", "128Mi")

PANELS: tuple[Panel, ...] = ()


def receiver(instance: Instance[Any]) -> Endpoint:
    """Return the receiver of StatsD packets."""
    return service_endpoint(NAME, instance.namespace, instance.settings.cluster.domain, (STATSD,))


def exporter() -> Workload:
    """Return the exporter."""
    alive = Probe(PORT.name, PORT.health)
    container = Container(
        "exporter",
        IMAGE,
        RESOURCES,
        arguments=(f"--statsd.mapping-config={MAPPING}", "--statsd.listen-tcp="),
        ports=(STATSD, PORT),
        liveness=alive,
        readiness=alive,
        config=(ConfigFile(MAPPING, script(__package__, "statsd_mapping.yaml"), NAME),),
    )
    return Workload(
        NAME,
        Pod((container,), IDENTITY),
        awaited=False,
        single="It keeps counts, and each packet goes to one replica.",
        metrics=(Metrics(PORT.name, panels=PANELS),),
    )


def alerts(context: Context[Any]) -> Iterator[Alert]:
    """Yield the alerts about Airflow, and about the products that it runs."""
    for product in context.instance.products:
        yield from quality_alerts(context, product)
