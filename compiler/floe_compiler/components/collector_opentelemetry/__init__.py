"""The OpenTelemetry Collector: receives traces, metrics and logs over OTLP, and sends them to the backends.

It does not read the nodes' log files, as that needs hostPath volumes, which the restricted pod security standard
forbids: `observability.logs` does, in a namespace of its own. So the DaemonSet is as restricted as the Deployment.
Its Service may prefer the client's own node, but must not require it (`internalTrafficPolicy: Local`): on nodes without
a collector (tainted nodes, or during a rollout) all data would be silently lost.

Sources: open-telemetry/opentelemetry-collector-releases, `distributions/otelcol-k8s` (the image's components, its user,
no shell); the configuration was validated, and run on a read-only root, with a collector 0.158.0 of those components.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from floe_compiler.components.collector_opentelemetry.configuration import (
    GRPC,
    HEALTH,
    HTTP,
    METRICS,
    OUTSIDE_GRPC,
    OUTSIDE_HTTP,
    TOKEN_FILE,
    configuration,
    forwarding,
    secret_path,
)
from floe_compiler.components.collector_opentelemetry.settings import Backend, CollectorConfig
from floe_compiler.kit import otel_panels, resources
from floe_compiler.kit.opentelemetry import IMAGE
from floe_compiler.kit.tls import CLIENT_FOLDER, certificate_folder, secured
from floe_compiler.model.capabilities import Collector, MetricsStore, TraceStore
from floe_compiler.model.endpoint import service_endpoint
from floe_compiler.model.facts import (
    ConfigFile,
    Container,
    Identity,
    Parts,
    Pod,
    Probe,
    SecretFile,
    Variable,
    Workload,
)
from floe_compiler.model.inputs import ReplicaBounds
from floe_compiler.model.operations import Interface, Metrics, Panel
from floe_compiler.model.plan import Component, Context, Instance, Refusal, Requirement
from floe_compiler.model.secrets import Secret, SecretKey
from floe_compiler.model.yaml_text import to_yaml

IDENTITY = Identity(10001, 10001, 10001)
CONFIG = "/conf/relay.yaml"

PANELS = (
    otel_panels.received("Spans received", "spans"),
    otel_panels.received("Metric points received", "metric_points"),
    otel_panels.received("Log records received", "log_records"),
    otel_panels.REFUSED,
    otel_panels.LOST,
    Panel(
        "Queues in use",
        "max by (exporter) (otelcol_exporter_queue_size{$target} / otelcol_exporter_queue_capacity{$target})",
        "ratio",
        "{{exporter}}",
    ),
)
INTERFACES = (
    Interface("otlp", OUTSIDE_GRPC.name, "grpc", authenticates=True, for_programs=True, health=HEALTH.name),
    Interface("otlp-http", OUTSIDE_HTTP.name, authenticates=True, for_programs=True, health=HEALTH.name),
)


def secret_files(backends: Iterable[Backend], namespace: str) -> tuple[SecretFile, ...]:
    """Return the files with the values of the backends' headers; all keys of a secret are in one Secret."""
    used = sorted({(backend.header.secret, backend.header.key) for backend in backends if backend.header})
    secrets = {
        name: Secret(name, namespace, tuple(SecretKey(key) for other, key in used if other == name)) for name, _ in used
    }
    return tuple(SecretFile(secret_path(name, key), secrets[name].key(key)) for name, key in used)


def provides(instance: Instance[CollectorConfig]) -> tuple[Collector, ...]:
    """Return the receiver."""
    settings = instance.settings
    ports = (secured(GRPC, settings), secured(HTTP, settings))
    endpoint = service_endpoint(instance.name, instance.namespace, settings.cluster.domain, ports)
    keeps_logs = any("logs" in backend.signals for backend in instance.config.backends)
    return (Collector(instance.name, endpoint.only(GRPC.name), endpoint.only(HTTP.name), keeps_logs=keeps_logs),)


def requires(_instance: Instance[CollectorConfig]) -> tuple[Requirement, ...]:
    """Return the platform's own stores, if it has any; and in another cluster than the platform's, its collector."""
    stores = (Requirement(TraceStore, optional=True), Requirement(MetricsStore, optional=True))
    return (*stores, Requirement(Collector, optional=True, elsewhere=True))


def refuses(context: Context[CollectorConfig]) -> Iterator[Refusal]:
    """Refuse an autoscaler for collectors of which each node has one."""
    config = context.config
    if config.mode == "daemonset" and isinstance(config.replicas, ReplicaBounds):
        yield Refusal(
            "has one collector on each node, so that there is nothing to scale",
            "leave the bounds out, or write `mode: deployment`",
            ("replicas",),
        )


def build(context: Context[CollectorConfig]) -> Parts:
    """Return the collector."""
    instance, config = context.instance, context.config
    central = context.optional(Collector)
    trace_store = None if central else context.optional(TraceStore)
    metrics_store = None if central else context.optional(MetricsStore)
    backends = () if central else config.backends
    production = context.settings.environment.production
    folder = certificate_folder(context.settings)
    own = configuration(config, trace_store, metrics_store, production=production, certificate=folder)
    shown = CLIENT_FOLDER if central and central.grpc.asks_certificate else ""
    text = to_yaml(forwarding(own, central.grpc, shown) if central else own)
    received = (secured(GRPC, context.settings), secured(HTTP, context.settings))
    stores = (trace_store, metrics_store if metrics_store and metrics_store.receivers else None)
    servers = {backend.endpoint for backend in backends} | {store.endpoint for store in stores if store}
    servers |= {central.grpc} if central else set()
    health = Probe(port=HEALTH.name, path="/", period=10, timeout=5, failures=3)
    secret = Secret(f"{instance.name}-token", instance.namespace, (SecretKey("token", generated=32),))
    token = (SecretFile(TOKEN_FILE, secret.key("token")),) if config.outside else ()
    container = Container(
        name="collector",
        image=IMAGE,
        resources=resources.declared(config.resources),
        arguments=(f"--config={CONFIG}",),
        variables=(Variable("GOMEMLIMIT", resources.memory_goal(config.resources.limits.memory)),),
        ports=(*received, *((OUTSIDE_GRPC, OUTSIDE_HTTP) if config.outside else ()), METRICS, HEALTH),
        liveness=health,
        readiness=health,
        config=(ConfigFile(CONFIG, text, instance.name),),
        secret_files=(*secret_files(backends, instance.namespace), *token),
        certificate=folder,
        client_certificate=shown,
    )
    everywhere = config.mode == "daemonset"
    return Parts(
        workloads=(
            Workload(
                name=instance.name,
                kind="DaemonSet" if everywhere else "Deployment",
                replicas=1 if everywhere else resources.replicas(config.replicas),
                # All pods send to it, but they must not wait for it, as a node may have no room for it.
                awaited=False,
                interfaces=INTERFACES if config.outside else (),
                metrics=(Metrics(METRICS.name, panels=PANELS),),
                pod=Pod((container,), IDENTITY, calls=tuple(sorted(servers))),
            ),
        )
    )


COMPONENT = Component(
    slot="observability.collector",
    type="opentelemetry",
    name="otel-collector",
    summary="OpenTelemetry Collector: OTLP in, batches to telemetry backends out",
    config=CollectorConfig,
    build=build,
    provides=provides,
    requires=requires,
    refuses=refuses,
    profiles={
        "light": {"replicas": 1},
        "medium": {"replicas": 2},
        "heavy": {"replicas": 3},
    },
    scope="platform",
    in_each_cluster=True,
)
