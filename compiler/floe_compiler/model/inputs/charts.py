"""`charts`: published Helm charts that a platform or a domain runs, and what must be known of their pods."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from floe_compiler.model.fields import Name, ObjectName, PortNumber, SecretKeyName, matching
from floe_compiler.model.inputs.common import Input
from floe_compiler.model.inputs.product import ExternalServer
from floe_compiler.model.layout import CHART_NAME, CHART_VERSION

PortName = Annotated[str, matching(r"^[a-z0-9]([-a-z0-9]{0,13}[a-z0-9])?$", "a port's name", "http")]


class ChartCall(Input):
    """A server inside the cluster that pods of a chart connect to."""

    server: ObjectName
    """The name of its workload, such as `polaris`; of a chart, the Deployment or StatefulSet."""
    port: PortNumber
    """The port on which its pods listen."""
    chart: Name | None = None
    """The entry of `charts` that runs it. Default: none, it is a server of the platform."""
    shared: bool = False
    """Whether it is in the namespace of the shared services. Default: in the own namespace."""


class ChartMetrics(Input):
    """Metrics of pods in the Prometheus text format."""

    port: PortName
    """The name of the port, under `ports`."""
    path: Annotated[str, matching(r"^/\S*$", "a path", "/metrics")] = "/metrics"
    """The path."""


class ChartInterface(Input):
    """A port that users open, through the environment's `ingress`."""

    port: PortName
    """The name of the port, under `ports`."""
    authenticates: bool = False
    """Whether the program itself asks for a login. If not, the login of the `ingress` is put in front of it."""


class ChartWorkload(Input):
    """What the pods of one workload of a chart serve and call. Network policies follow from it."""

    ports: dict[PortName, PortNumber] = Field(default_factory=dict)
    """The ports on which its pods listen, by name. Only declared callers reach them."""
    calls: tuple[ChartCall, ...] = Field(default=(), strict=False)
    """The servers inside the cluster that its pods connect to."""
    connects: tuple[ExternalServer, ...] = Field(default=(), strict=False)
    """The servers outside the cluster that its pods connect to; all others are blocked."""
    secrets: dict[ObjectName, Annotated[tuple[SecretKeyName, ...], Field(min_length=1, strict=False)]] = Field(
        default_factory=dict
    )
    """The secrets that its pods read, and their keys. They get into the cluster like all others (`secrets`)."""
    kubernetes_api: bool = False
    """Whether its pods call the Kubernetes API."""
    metrics: ChartMetrics | None = None
    """Its metrics, which the platform then collects."""
    interface: ChartInterface | None = None
    """What users open of it."""


class Chart(Input):
    """A Helm chart, vendored by `floe-compile vendor`, whose objects are rendered into the namespace."""

    version: Annotated[str, matching(CHART_VERSION, "a vendored version", "20.1.0")]
    """The version, one of those in `vendor/charts/`."""
    chart: Annotated[str, matching(CHART_NAME, "a chart's name", "redis")] | None = None
    """The chart's name. Default: the name of the entry, which is also the name of the release."""
    values: dict[str, Any] = Field(default_factory=dict)
    """The values, as in a `values.yaml`. Secrets belong in none of them."""
    crds: bool = True
    """Whether the chart's folder `crds/` is rendered. Domains have to leave it out."""
    hooks: dict[str, Literal["apply", "omit"]] = Field(default_factory=dict)
    """What becomes of each of the chart's hooks (`Job/redis-upgrade`): it is applied like other objects, or left
    out."""
    workloads: dict[ObjectName, ChartWorkload] = Field(default_factory=dict)
    """What is known of its pods, by the name of the Deployment, StatefulSet, DaemonSet, Job or CronJob."""
