"""The settings of the OpenTelemetry Collector."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from floe_compiler.model.endpoint import Endpoint, Port
from floe_compiler.model.fields import Name, PortNumber, SecretKeyName, matching
from floe_compiler.model.inputs import Amounts, Input, OutsideServer, Replicas, ResourceSettings

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
    """The number of replicas, or the bounds of an autoscaler, in mode `deployment`."""
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
