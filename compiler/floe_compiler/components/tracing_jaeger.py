"""Jaeger: stores traces, and shows them in a web interface that does not ask for a login.

Jaeger 2 is an OpenTelemetry Collector with a store and a query service. Everything is in one process, as its own store
(Badger) can be opened by only one. More than one replica needs a store of its own, such as OpenSearch.

Sources: jaegertracing/jaeger 1.76.0, the Go module of Jaeger 2 (`cmd/jaeger`: components, Dockerfile, user;
`internal/storage/v1/badger`: settings and files). Configurations of this form were run with that program as user 10001
without capabilities, in memory and with Badger; the test runs the rendered ones where the program is installed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Field

from floe_compiler.kit import otel_panels, resources
from floe_compiler.kit.opentelemetry import own_tls
from floe_compiler.kit.tls import certificate_folder, secured
from floe_compiler.model.capabilities import Collector, TraceStore
from floe_compiler.model.endpoint import Port, service_endpoint
from floe_compiler.model.facts import Claim, ConfigFile, Container, Identity, Parts, Pod, Probe, Variable, Workload
from floe_compiler.model.fields import Duration, Storage
from floe_compiler.model.inputs import Amounts, Input, ResourceSettings
from floe_compiler.model.operations import Interface, Metrics, Panel
from floe_compiler.model.plan import Component, Context, Instance, Refusal, Requirement
from floe_compiler.model.yaml_text import to_yaml

IMAGE = "docker.io/jaegertracing/jaeger:2.19.0"
IDENTITY = Identity(10001, 10001, 10001)
CONFIG = "/etc/jaeger/config.yaml"
VOLUME = "/badger"
STORE = "main"
EXPORTER = "jaeger_storage_exporter"

GRPC = Port("otlp", 4317, grpc=True)
HTTP = Port("otlp-http", 4318)
WEB = Port("http", 16686)
QUERY = Port("grpc", 16685)
METRICS = Port("metrics", 8888)
HEALTH = Port("health", 13133, service=False, health="/status")
ANYWHERE = "0.0.0.0"  # noqa: S104 - the defaults are localhost, which nobody else reaches

# Badger first replays its log, which takes long after a crash.
STARTUP = Probe(port=HEALTH.name, path="/status", period=10, timeout=5, failures=60)
HEALTHY = Probe(port=HEALTH.name, path="/status", period=10, timeout=5, failures=3)
# Badger writes what it holds in memory before it ends.
GRACE = 60

# The buckets of its latencies begin at 5 seconds, so no percentile can be told from them.
PANELS = (
    otel_panels.received("Spans received", "spans"),
    otel_panels.REFUSED,
    otel_panels.LOST,
    Panel(
        "Reads of the store",
        "sum by (operation, result) (rate(jaeger_storage_requests_total{$target}[$interval]))",
        "per second",
        "{{operation}} {{result}}",
        stacked=True,
    ),
    Panel(
        "Mean duration of reads",
        "sum by (operation) (rate(jaeger_storage_latency_seconds_sum{$target}[$interval]))"
        " / sum by (operation) (rate(jaeger_storage_latency_seconds_count{$target}[$interval]))",
        "seconds",
        "{{operation}}",
    ),
)


class MemoryStore(Input):
    """Traces in memory: they are gone when the pod restarts. Not for production."""

    type: Literal["memory"] = "memory"
    """The kind of store."""
    max_traces: Annotated[int, Field(ge=1)] = 50_000
    """The number of traces that are kept; older ones go."""


class BadgerStore(Input):
    """Traces on a volume of the pod."""

    type: Literal["badger"] = "badger"
    """The kind of store."""
    size: Storage = "20Gi"
    """The size of its volume."""
    retention: Duration = "72h"
    """How long traces are kept."""


class JaegerConfig(Input):
    """Jaeger, which shows the traces of the whole platform."""

    type: Literal["jaeger"] = "jaeger"
    """The kind of trace store."""
    store: Annotated[MemoryStore | BadgerStore, Field(discriminator="type")] = BadgerStore()
    """Where the traces are."""
    resources: ResourceSettings = ResourceSettings(
        requests=Amounts(cpu="200m", memory="1Gi"), limits=Amounts(cpu="1", memory="2Gi")
    )
    """CPU and memory."""


def configuration(store: MemoryStore | BadgerStore, certificate: str = "") -> dict[str, Any]:
    """Return Jaeger's configuration: an OTLP receiver, the store, and the query service on top of it.

    `certificate` is the folder of the one that the receiver has, if any.
    """
    tls = own_tls(certificate)
    protocols = {"grpc": {"endpoint": _listen(GRPC), **tls}, "http": {"endpoint": _listen(HTTP), **tls}}
    return {
        "receivers": {"otlp": {"protocols": protocols}},
        "processors": {
            # Percentages of the container's memory limit.
            "memory_limiter": {"check_interval": "1s", "limit_percentage": 80, "spike_limit_percentage": 25},
            "batch": {},
        },
        "exporters": {EXPORTER: {"trace_storage": STORE}},
        "extensions": {
            "healthcheckv2": {"use_v2": True, "http": {"endpoint": _listen(HEALTH)}},
            "jaeger_storage": {"backends": {STORE: _backend(store)}},
            "jaeger_query": {
                "storage": {"traces": STORE},
                "http": {"endpoint": _listen(WEB)},
                "grpc": {"endpoint": _listen(QUERY)},
                # Otherwise, each search adds traces of its own.
                "enable_tracing": False,
            },
        },
        "service": {
            "extensions": ["jaeger_storage", "jaeger_query", "healthcheckv2"],
            "telemetry": {
                "logs": {"encoding": "json"},
                "metrics": {
                    "readers": [{"pull": {"exporter": {"prometheus": {"host": ANYWHERE, "port": METRICS.number}}}}]
                },
            },
            "pipelines": {
                "traces": {"receivers": ["otlp"], "processors": ["memory_limiter", "batch"], "exporters": [EXPORTER]}
            },
        },
    }


def _listen(port: Port) -> str:
    return f"{ANYWHERE}:{port.number}"


def _backend(store: MemoryStore | BadgerStore) -> dict[str, Any]:
    if isinstance(store, MemoryStore):
        return {"memory": {"max_traces": store.max_traces}}
    # Badger creates these folders. The volume's own root may have a `lost+found`.
    directories = {"keys": f"{VOLUME}/keys", "values": f"{VOLUME}/values"}
    return {"badger": {"ephemeral": False, "directories": directories, "ttl": {"spans": store.retention}}}


def provides(instance: Instance[JaegerConfig]) -> tuple[TraceStore, ...]:
    """Return the receiver of traces, and the server that shows them."""
    server = service_endpoint(
        instance.name, instance.namespace, instance.settings.cluster.domain, (secured(GRPC, instance.settings), WEB)
    )
    return (TraceStore(instance.name, server.only(GRPC.name), server.only(WEB.name)),)


def requires(_instance: Instance[JaegerConfig]) -> tuple[Requirement, ...]:
    """Return the collector, which alone sends traces to it."""
    return (Requirement(Collector),)


def refuses(context: Context[JaegerConfig]) -> Iterator[Refusal]:
    """Refuse to keep production's traces in memory."""
    if context.settings.environment.production and isinstance(context.config.store, MemoryStore):
        yield Refusal(
            "keeps the traces of production in memory, so that they are gone when its pod restarts",
            hint="use a volume: store: {type: badger}",
            path=("store", "type"),
        )


def build(context: Context[JaegerConfig]) -> Parts:
    """Return the server."""
    instance, config = context.instance, context.config
    on_disk, folder = isinstance(config.store, BadgerStore), certificate_folder(context.settings)
    container = Container(
        name="jaeger",
        image=IMAGE,
        resources=resources.declared(config.resources),
        arguments=("--config", CONFIG),
        variables=(Variable("GOMEMLIMIT", resources.memory_goal(config.resources.limits.memory)),),
        ports=(secured(GRPC, context.settings), secured(HTTP, context.settings), WEB, QUERY, METRICS, HEALTH),
        startup=STARTUP,
        liveness=HEALTHY,
        readiness=HEALTHY,
        config=(ConfigFile(CONFIG, to_yaml(configuration(config.store, folder)), instance.name),),
        claims=(Claim("data", VOLUME, config.store.size),) if isinstance(config.store, BadgerStore) else (),
        certificate=folder,
    )
    server = Workload(
        name=instance.name,
        kind="StatefulSet" if on_disk else "Deployment",
        pod=Pod((container,), IDENTITY, grace=GRACE),
        # The collector keeps traces for a while if it does not answer.
        awaited=False,
        recreate=not on_disk,
        single="Its store belongs to one process. With a second one, each would show a part of the traces.",
        interfaces=(Interface(instance.name, WEB.name, health=HEALTH.name),),
        metrics=(Metrics(METRICS.name, panels=PANELS),),
    )
    return Parts(workloads=(server,))


COMPONENT = Component(
    slot="observability.tracing",
    type="jaeger",
    summary="Jaeger: stores traces, and a web interface that shows them",
    config=JaegerConfig,
    build=build,
    provides=provides,
    requires=requires,
    refuses=refuses,
    profiles={"light": {"store": {"type": "memory"}}},
    scope="platform",
)
