"""The configuration file of the OpenTelemetry Collector."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from floe_compiler.components.collector_opentelemetry.settings import (
    SIGNALS,
    Backend,
    BackendHeader,
    CollectorConfig,
    Signal,
)
from floe_compiler.kit.opentelemetry import own_tls, to_platform
from floe_compiler.model.capabilities import MetricsStore, TraceStore
from floe_compiler.model.endpoint import Endpoint, Port

SECRETS = "/run/secrets/backends"
TOKEN_FILE = "/run/secrets/outside/token"  # noqa: S105 - a path

# Those who call it from another cluster are collectors, which can show a certificate.
GRPC = Port("otlp", 4317, grpc=True, mutual=True)
HTTP = Port("otlp-http", 4318)
# From outside the cluster, with a token.
OUTSIDE_GRPC = Port("outside-grpc", 14317)
OUTSIDE_HTTP = Port("outside-http", 14318)
METRICS = Port("metrics", 8888)
HEALTH = Port("health", 13133, service=False, health="/")
ANYWHERE = "0.0.0.0"  # noqa: S104 - health_check and telemetry listen on localhost by default

PRODUCTION_SAMPLING = 10.0
EVERYTHING = 100.0

OUTSIDE = "otlp/outside"
TOKEN = "bearertokenauth/outside"  # noqa: S105 - the name of an extension
TRACE_STORE = "otlp_grpc/trace_store"
"""The exporter to the platform's own store. No backend can have that name, as it is not a valid one."""

CENTRAL = "otlp_grpc/central"
"""The exporter to the collector of the platform, if that is in another cluster."""

METRICS_STORE = "otlp_http/metrics_store_"
"""The exporters to the replicas of the platform's own store of metrics; a number follows."""


def configuration(
    config: CollectorConfig,
    trace_store: TraceStore | None = None,
    metrics_store: MetricsStore | None = None,
    *,
    production: bool,
    certificate: str = "",
) -> dict[str, Any]:
    """Return the collector's configuration: receivers, processors, exporters and pipelines.

    The names are those of collector 0.144 and later. `certificate` is the folder of the one that receivers have, if
    any; those for senders outside the cluster have none, as the ingress controller ends TLS.
    """
    default = PRODUCTION_SAMPLING if production else EVERYTHING
    urls = metrics_store.receivers if metrics_store else ()
    metrics = {f"{METRICS_STORE}{number}": {"endpoint": url} for number, url in enumerate(urls)}
    sampling = default if config.sampling_percentage is None else config.sampling_percentage
    own = {"traces": [TRACE_STORE] if trace_store else [], "metrics": [*metrics]}
    sampler = {"probabilistic_sampler": {"sampling_percentage": sampling}} if sampling < EVERYTHING else {}
    receivers, tokens = {"otlp": _receiver(GRPC, HTTP, **own_tls(certificate))}, {}
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
            **{backend.exporter: _exporter(backend) for backend in config.backends},
            **({TRACE_STORE: to_platform(trace_store.endpoint)} if trace_store else {}),
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


def forwarding(configuration: Mapping[str, Any], central: Endpoint, certificate: str = "") -> dict[str, Any]:
    """Return the configuration of a collector that sends everything to the platform's, in another cluster.

    It neither samples nor knows backends: the central one does both. `certificate` is the folder with the one that it
    shows there, if any.
    """
    service = configuration["service"]
    pipelines = {
        signal: pipeline | {"processors": ["memory_limiter", "batch"], "exporters": [CENTRAL]}
        for signal, pipeline in service["pipelines"].items()
    }
    processors = {
        name: processor for name, processor in configuration["processors"].items() if name != "probabilistic_sampler"
    }
    return {
        **configuration,
        "processors": processors,
        "exporters": {CENTRAL: to_platform(central, certificate)},
        "service": service | {"pipelines": pipelines},
    }


def _receiver(grpc: Port, http: Port, **further: Any) -> dict[str, Any]:
    ports = {"grpc": grpc, "http": http}
    return {"protocols": {protocol: {"endpoint": _listen(port), **further} for protocol, port in ports.items()}}


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


def _headers(header: BackendHeader) -> dict[str, str]:
    # The collector replaces this with the file's content when it reads its configuration (REQ-614: no secrets in
    # variables).
    value = f"${{file:{secret_path(header.secret, header.key)}}}"
    return {header.name: f"{header.scheme} {value}" if header.scheme else value}


def secret_path(secret: str, key: str) -> str:
    """Return the file of a secret's key."""
    return f"{SECRETS}/{secret}/{key}"
