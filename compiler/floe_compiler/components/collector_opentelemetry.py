"""The OpenTelemetry Collector: receives traces, metrics and logs over OTLP, and sends them to the backends.

It does not read the nodes' log files, as that needs hostPath volumes, which the restricted pod security standard
forbids: `observability.logs` does, in a namespace of its own. So the DaemonSet is as restricted as the Deployment.
Its Service may prefer the client's own node, but must not require it (`internalTrafficPolicy: Local`): on nodes without
a collector (tainted nodes, or during a rollout) all data would be silently lost.

Sources: open-telemetry/opentelemetry-collector-releases, `distributions/otelcol-k8s` (the image's components, its user,
no shell); the configuration was validated, and run on a read-only root, with a collector 0.158.0 of those components.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from floe_compiler.kit import otel_panels, resources
from floe_compiler.kit.opentelemetry import IMAGE
from floe_compiler.model.capabilities import Collector, MetricsStore, TraceStore
from floe_compiler.model.endpoint import Endpoint, Port, service_endpoint
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
from floe_compiler.model.fields import Name, PortNumber, SecretKeyName, matching
from floe_compiler.model.inputs import Amounts, Input, OutsideServer, Replicas, ResourceSettings
from floe_compiler.model.operations import Interface, Metrics, Panel
from floe_compiler.model.plan import Component, Context, Instance, Requirement
from floe_compiler.model.secrets import Secret, SecretKey
from floe_compiler.model.yaml_text import to_yaml

IDENTITY = Identity(10001, 10001, 10001)
CONFIG = "/conf/relay.yaml"
SECRETS = "/run/secrets/backends"
TOKEN_FILE = "/run/secrets/outside/token"  # noqa: S105 - a path

GRPC = Port("otlp", 4317)
HTTP = Port("otlp-http", 4318)
# From outside the cluster, with a token.
OUTSIDE_GRPC = Port("outside-grpc", 14317)
OUTSIDE_HTTP = Port("outside-http", 14318)
METRICS = Port("metrics", 8888)
HEALTH = Port("health", 13133, service=False, health="/")
ANYWHERE = "0.0.0.0"  # noqa: S104 - health_check and telemetry listen on localhost by default

PRODUCTION_SAMPLING = 10.0
EVERYTHING = 100.0

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

Signal = Literal["traces", "metrics", "logs"]
SIGNALS: tuple[Signal, ...] = ("traces", "metrics", "logs")


class BackendHeader(Input):
    """A header that authenticates the collector to a backend."""

    name: Annotated[str, matching(r"^[A-Za-z0-9-]+$", 'letters, digits and "-"', "authorization")] = "authorization"
    """The header's name."""
    scheme: Literal["Basic", "Bearer"] | None = None
    """The word before the secret's value (`Bearer`). Default: only the value."""
    secret: Name
    """The secret with the value."""
    key: SecretKeyName
    """The key in the secret."""


class Backend(OutsideServer):
    """A server outside the platform that receives telemetry over OTLP and TLS, such as Grafana Cloud."""

    name: Name
    """The backend's name in the collector's configuration."""
    protocol: Literal["grpc", "http"] = "grpc"
    """The OTLP transport."""
    port: PortNumber = 443
    """Its TCP port."""
    path: Annotated[str, matching(r"^(/[A-Za-z0-9._~-]+)*$", "a path from the root on", "/otlp")] = ""
    """The base path for OTLP over HTTP (`/otlp`), to which `/v1/traces` and so on are appended."""
    signals: Annotated[tuple[Signal, ...], Field(min_length=1, strict=False)] = SIGNALS
    """The signals that are sent to it."""
    header: BackendHeader | None = None
    """The header that authenticates the collector."""

    @model_validator(mode="after")
    def _path_of_http(self) -> Self:
        if self.path and self.protocol == "grpc":
            raise ValueError("OTLP over gRPC has no path; leave it out, or use protocol http")
        return self

    @property
    def endpoint(self) -> Endpoint:
        """Return the backend's endpoint."""
        return Endpoint(self.host, (Port("otlp", self.port, scheme="https"),), cidr=self.cidr)

    @property
    def exporter(self) -> str:
        """Return the name of its exporter, which was `otlp` or `otlphttp` before 0.144 (collector#14403)."""
        return f"otlp_{self.protocol}/{self.name}"


class CollectorConfig(Input):
    """The OpenTelemetry Collector."""

    type: Literal["opentelemetry"] = "opentelemetry"
    """The kind of collector."""
    mode: Literal["daemonset", "deployment"] = "daemonset"
    """One collector on every node (`daemonset`), or a number of replicas for all nodes (`deployment`)."""
    replicas: Replicas = 2
    """The number of replicas in mode `deployment`, or the bounds of an autoscaler."""
    resources: ResourceSettings = ResourceSettings(
        requests=Amounts(cpu="200m", memory="256Mi"), limits=Amounts(cpu="1", memory="512Mi")
    )
    """CPU and memory of each collector."""
    sampling_percentage: Annotated[float, Field(gt=0, le=100)] | None = None
    """The percentage of traces that are kept. Default: 10 in production, 100 elsewhere."""
    backends: tuple[Backend, ...] = Field(default=(), strict=False)
    """The backends outside the platform that telemetry is sent to; traces also go to `observability.tracing`. Signals
    that nobody takes are only counted in the collector's log."""

    outside: bool = False
    """Receive OTLP from outside the cluster, too, from whoever has the token of the secret `<name>-token`. The
    interfaces `otlp` (gRPC) and `otlp-http` are for the environment's `ingress` to open."""

    @model_validator(mode="after")
    def _distinct_backends(self) -> Self:
        names = [backend.name for backend in self.backends]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two backends are called {', '.join(twice)}; give each its own name")
        return self


OUTSIDE = "otlp/outside"
TOKEN = "bearertokenauth/outside"  # noqa: S105 - the name of an extension
TRACE_STORE = "otlp_grpc/trace_store"
"""The exporter to the platform's own store. No backend can have that name, as it is not a valid one."""

METRICS_STORE = "otlp_http/metrics_store_"
"""The exporters to the replicas of the platform's own store of metrics; a number follows."""


def configuration(
    config: CollectorConfig,
    trace_store: TraceStore | None = None,
    metrics_store: MetricsStore | None = None,
    *,
    production: bool,
) -> dict[str, Any]:
    """Return the collector's configuration: receivers, processors, exporters and pipelines.

    The names are those of collector 0.144 and later.
    """
    default = PRODUCTION_SAMPLING if production else EVERYTHING
    urls = metrics_store.receivers if metrics_store else ()
    metrics = {f"{METRICS_STORE}{number}": {"endpoint": url} for number, url in enumerate(urls)}
    sampling = default if config.sampling_percentage is None else config.sampling_percentage
    own = {"traces": [TRACE_STORE] if trace_store else [], "metrics": [*metrics]}
    sampler = {"probabilistic_sampler": {"sampling_percentage": sampling}} if sampling < EVERYTHING else {}
    receivers, tokens = {"otlp": _receiver(GRPC, HTTP)}, {}
    if config.outside:
        receivers[OUTSIDE] = _receiver(OUTSIDE_GRPC, OUTSIDE_HTTP, auth={"authenticator": TOKEN})
        tokens[TOKEN] = {"filename": TOKEN_FILE}
    return {
        "receivers": receivers,
        "processors": {
            # Percentages of the container's memory limit.
            "memory_limiter": {"check_interval": "1s", "limit_percentage": 80, "spike_limit_percentage": 25},
            **sampler,
            "batch": {"timeout": "1s", "send_batch_size": 1024},
        },
        "exporters": {
            "debug": {"verbosity": "basic"},
            **{one.exporter: _exporter(one) for one in config.backends},
            **({TRACE_STORE: _inside(trace_store.endpoint)} if trace_store else {}),
            **metrics,
        },
        "extensions": {"health_check": {"endpoint": _listen(HEALTH)}, **tokens},
        "service": {
            "extensions": ["health_check", *tokens],
            "telemetry": {
                "logs": {"encoding": "json"},
                "metrics": {
                    "readers": [{"pull": {"exporter": {"prometheus": {"host": ANYWHERE, "port": METRICS.number}}}}]
                },
            },
            "pipelines": {
                signal: _pipeline(receivers, [*_backends(config, signal), *own.get(signal, ())], signal, sampler)
                for signal in SIGNALS
            },
        },
    }


def _receiver(grpc: Port, http: Port, **auth: Any) -> dict[str, Any]:
    ports = {"grpc": grpc, "http": http}
    return {"protocols": {protocol: {"endpoint": _listen(port), **auth} for protocol, port in ports.items()}}


def _listen(port: Port) -> str:
    return f"{ANYWHERE}:{port.number}"


def _backends(config: CollectorConfig, signal: Signal) -> list[str]:
    """Return the names of the exporters to the backends of a signal."""
    return [backend.exporter for backend in config.backends if signal in backend.signals]


def _pipeline(
    receivers: Iterable[str], exporters: list[str], signal: Signal, sampler: Iterable[str]
) -> dict[str, list[str]]:
    """Return the pipeline of one signal; only traces are sampled, by their ID."""
    sampling = sampler if signal == "traces" else ()
    return {
        "receivers": list(receivers),
        "processors": ["memory_limiter", *sampling, "batch"],
        "exporters": exporters or ["debug"],
    }


def _exporter(backend: Backend) -> dict[str, Any]:
    server = backend.endpoint
    address = server.address() if backend.protocol == "grpc" else server.url(path=backend.path)
    return {"endpoint": address} | ({"headers": _headers(backend.header)} if backend.header else {})


def _inside(server: Endpoint) -> dict[str, Any]:
    """Return the exporter to a server of the platform, which has no TLS."""
    return {"endpoint": server.address(), "tls": {"insecure": True}}


def _headers(header: BackendHeader) -> dict[str, str]:
    # The collector replaces this with the file's content when it reads its configuration (REQ-614: no secrets in
    # variables).
    value = f"${{file:{_secret_path(header.secret, header.key)}}}"
    return {header.name: f"{header.scheme} {value}" if header.scheme else value}


def _secret_path(secret: str, key: str) -> str:
    return f"{SECRETS}/{secret}/{key}"


def secret_files(backends: Iterable[Backend], namespace: str) -> tuple[SecretFile, ...]:
    """Return the files with the values of the backends' headers; all keys of a secret are in one Secret."""
    used = sorted({(backend.header.secret, backend.header.key) for backend in backends if backend.header})
    secrets = {
        name: Secret(name, namespace, tuple(SecretKey(key) for other, key in used if other == name)) for name, _ in used
    }
    return tuple(SecretFile(_secret_path(name, key), secrets[name].key(key)) for name, key in used)


def provides(instance: Instance[CollectorConfig]) -> tuple[Collector, ...]:
    """Return the receiver."""
    settings = instance.settings
    endpoint = service_endpoint(instance.name, instance.namespace, settings.cluster.domain, (GRPC, HTTP))
    keeps_logs = any("logs" in backend.signals for backend in instance.config.backends)
    return (Collector(instance.name, endpoint.only(GRPC.name), endpoint.only(HTTP.name), keeps_logs=keeps_logs),)


def requires(_instance: Instance[CollectorConfig]) -> tuple[Requirement, ...]:
    """Return the platform's own stores, if it has any."""
    return (Requirement(TraceStore, optional=True), Requirement(MetricsStore, optional=True))


INTERFACES = (
    Interface("otlp", OUTSIDE_GRPC.name, "grpc", authenticates=True, for_programs=True, health=HEALTH.name),
    Interface("otlp-http", OUTSIDE_HTTP.name, authenticates=True, for_programs=True, health=HEALTH.name),
)


def build(context: Context[CollectorConfig]) -> Parts:
    """Return the collector."""
    instance, config = context.instance, context.config
    trace_store = context.optional(TraceStore)
    metrics_store = context.optional(MetricsStore)
    production = context.settings.environment.production
    text = to_yaml(configuration(config, trace_store, metrics_store, production=production))
    stores = (trace_store, metrics_store if metrics_store and metrics_store.receivers else None)
    servers = {backend.endpoint for backend in config.backends} | {store.endpoint for store in stores if store}
    health = Probe(port=HEALTH.name, path="/", period=10, timeout=5, failures=3)
    secret = Secret(f"{instance.name}-token", instance.namespace, (SecretKey("token", generated=32),))
    token = (SecretFile(TOKEN_FILE, secret.key("token")),) if config.outside else ()
    container = Container(
        name="collector",
        image=IMAGE,
        resources=resources.declared(config.resources),
        arguments=(f"--config={CONFIG}",),
        variables=(Variable("GOMEMLIMIT", resources.memory_goal(config.resources.limits.memory)),),
        ports=(GRPC, HTTP, *((OUTSIDE_GRPC, OUTSIDE_HTTP) if config.outside else ()), METRICS, HEALTH),
        liveness=health,
        readiness=health,
        config=(ConfigFile(CONFIG, text, instance.name),),
        secret_files=(*secret_files(config.backends, instance.namespace), *token),
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
    profiles={
        "light": {"replicas": 1},
        "medium": {"replicas": 2},
        "heavy": {"replicas": 3},
    },
    scope="platform",
)
