"""Facts for the operation of workloads: interfaces, metrics, scaling, backups."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from floe_compiler.model.endpoint import Endpoint
from floe_compiler.model.secrets import SecretReference

InterfaceProtocol = Literal["http", "grpc"]


class Interface(msgspec.Struct, frozen=True):
    """A port of a workload's Service that is used from outside the cluster, through the ingress controller.

    `name` is unique in the namespace. `authenticates` says that the program asks for a login; if not, it needs a
    login in front of it. One that is `for_programs`, such as an API, is opened only if the environment names it, as
    most platforms use it inside the cluster only. `health` is the port whose health path tells whether the program
    works (default: its own port). A program that must know the address at which users open it has the setting
    `address_setting` for it, whose value is `address`.
    """

    name: str
    port: str
    protocol: InterfaceProtocol = "http"
    authenticates: bool = False
    for_programs: bool = False
    health: str = ""
    address_setting: str = ""
    address: str = ""


TARGET, INTERVAL = "$target", "$interval"
"""In the query of a panel: the labels of the workload's own series, and a time with enough samples for a rate."""

PanelUnit = Literal["number", "ratio", "seconds", "bytes", "per second", "bytes per second"]


class Panel(msgspec.Struct, frozen=True, order=True, array_like=True):
    """A panel of the dashboard of a workload: the values of a PromQL query over time.

    In the query, `$target` stands for the labels of the workload's own series, and `$interval` for a time that has
    enough samples for a rate: `sum(rate(http_requests_total{$target}[$interval]))`. `legend` names each series, with
    labels in double braces (`{{code}}`). `stacked` draws the series on top of each other.
    """

    title: str
    query: str
    unit: PanelUnit = "number"
    legend: str = ""
    stacked: bool = False

    def __post_init__(self) -> None:
        """Raise ValueError if the query would show the series of all workloads."""
        if TARGET not in self.query:
            raise ValueError(f'the query of panel "{self.title}" does not select {{{TARGET}}}: {self.query}')


class RunMetrics(msgspec.Struct, frozen=True, order=True, array_like=True):
    """What the metrics of an orchestrator say of the runs of data products, as PromQL queries for dashboards.

    In each query, `$target` stands for labels of the series. Its results have the labels `namespace` and `product`, or
    `namespace` and `status`; an empty query: nobody knows.
    """

    succeeded: str = ""
    """When the last run that succeeded ended, in seconds since 1970, by product."""
    failed: str = ""
    """How many runs have failed in the last hour, by product."""
    took: str = ""
    """How many seconds the last run took, by product."""
    lasts: str = ""
    """For how many seconds the run at work has been running, by product."""
    loads: str = ""
    """Whether its code loads, by product: 1 or 0."""
    ended: str = ""
    """How many runs have ended in the last hour, by status."""
    at_work: str = ""
    """How many runs work or wait, by status."""


class Metrics(msgspec.Struct, frozen=True):
    """A port at which each pod of a workload exposes metrics in the Prometheus text format, without a login.

    `job` is the job label of its time series; default: the workload's name. `own_labels` says that they are about
    other objects, and have the labels `namespace` and `pod` of these. `panels` are those of its dashboard, besides the
    ones that every program has. `runs` is what an orchestrator's metrics say of data products.
    """

    port: str
    path: str = "/metrics"
    job: str = ""
    own_labels: bool = False
    panels: tuple[Panel, ...] = ()
    runs: tuple[RunMetrics, ...] = ()


class Scaling(msgspec.Struct, frozen=True):
    """An autoscaler that keeps CPU use near `cpu_percent` of the requests, within the bounds."""

    minimum: int
    maximum: int
    cpu_percent: int = 80


class Trigger(msgspec.Struct, frozen=True):
    """What KEDA looks at to scale a workload: a scaler of keda.sh/docs/2.21/scalers, with its parameters.

    `secrets` are parameters that are keys of secrets. `server` is the server that KEDA asks, if there is one.
    """

    type: str
    metadata: tuple[tuple[str, str], ...]
    secrets: tuple[tuple[str, SecretReference], ...] = ()
    server: Endpoint | None = None


class EventScaling(msgspec.Struct, frozen=True):
    """An autoscaler of KEDA, which sets as many replicas as the `trigger` says, within the bounds.

    With a `minimum` of 0 there are none while there is nothing to do. `cooldown` is for how many seconds there must be
    less to do before there are fewer.
    """

    minimum: int
    maximum: int
    trigger: Trigger
    cooldown: int = 300


class DatabaseData(msgspec.Struct, frozen=True):
    """A PostgreSQL database whose data must be backed up, and a user that may read all of it.

    `image` has a `pg_dump` that matches the server's version. A server that sends its own backups to where those of its
    namespace are kept (`DatabaseBackups`) needs no dump: `own_backup`.
    """

    endpoint: Endpoint
    database: str
    user: str
    password: SecretReference
    image: str
    own_backup: bool = False

    @property
    def server(self) -> str:
        """Return the name of the server: that of its Service, or its host."""
        return self.endpoint.group.name if self.endpoint.group else self.endpoint.host


class VolumeData(msgspec.Struct, frozen=True):
    """A volume claim of a StatefulSet's pods whose data must be backed up."""

    workload: str
    claim: str


class BucketData(msgspec.Struct, frozen=True):
    """A bucket of a store in the cluster whose files must be kept elsewhere, too, and a login for all of them.

    The store speaks S3, at `url`, with the bucket in the path.
    """

    endpoint: Endpoint
    url: str
    region: str
    bucket: str
    access_key: SecretReference
    secret_key: SecretReference


Data: TypeAlias = DatabaseData | VolumeData | BucketData
