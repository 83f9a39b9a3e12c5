"""The configuration of the orchestrator `dagster`."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from floe_compiler.kit.products.data_product import StepSettings
from floe_compiler.model.durations import parse_duration
from floe_compiler.model.fields import Duration
from floe_compiler.model.inputs import Amounts, DatabaseChoice, Input, PostgresqlServer, Replicas, ResourceSettings

SHORTEST_INTERVAL = 15
"""Seconds that a health check of the daemon may take: it starts a Python process, which needs 3.5 s of CPU time."""

Count = Annotated[int, Field(ge=1)]


class WebserverSettings(Input):
    """The webserver: user interface and API."""

    replicas: Replicas = 2
    """The number of replicas, or the bounds of an autoscaler."""
    resources: ResourceSettings = ResourceSettings(
        requests=Amounts(cpu="500m", memory="1Gi"), limits=Amounts(cpu="2", memory="4Gi")
    )
    """CPU and memory."""


class LeaseSettings(Input):
    """The times of the Lease by which two pods choose the one that runs the daemon."""

    duration: Duration = "8s"
    """The other pod takes the Lease when it has seen no renewal for so long."""
    renew_deadline: Duration = "5s"
    """A pod that has not renewed the Lease for so long ends its daemon, a second before it kills it."""
    retry_period: Duration = "1s"
    """How often the Lease is renewed, or looked at."""


class DaemonSettings(Input):
    """The daemon: schedules, the queue of runs, and monitoring of runs."""

    mode: Literal["single", "ha"] = "single"
    """`single`: one pod. `ha`: two pods, of which the one that holds a Lease runs the daemon, and the other takes over.
    Two daemons would start every scheduled run twice."""
    failover: Duration = "15s"
    """With `ha`: the longest time without a daemon after its pod or node has failed, which the times of `lease` must
    allow. An outage of the Kubernetes API comes on top."""
    lease: LeaseSettings = LeaseSettings()
    """With `ha`: the times of the Lease."""
    restart_timeout: Duration = "1m"
    """How long the daemon may be without a heartbeat, and then fail its health check, before it is restarted. If its
    process exits, it is restarted immediately."""
    health_check_interval: Duration = "30s"
    """How often the health check runs."""
    resources: ResourceSettings = ResourceSettings(
        requests=Amounts(cpu="250m", memory="512Mi"), limits=Amounts(cpu="1", memory="1Gi")
    )
    """CPU and memory."""

    @model_validator(mode="after")
    def _check_times(self) -> Self:
        if parse_duration(self.restart_timeout) < parse_duration(self.health_check_interval):
            raise ValueError("restart_timeout is shorter than health_check_interval; make it at least as long")
        if parse_duration(self.health_check_interval) < SHORTEST_INTERVAL:
            raise ValueError(
                f"health_check_interval must be {SHORTEST_INTERVAL}s or longer, as one check takes so long"
            )
        return self


class CodeLocationSettings(Input):
    """The code location of a data product: a server that provides its jobs and schedules to Dagster."""

    replicas: Count = 2
    """The number of replicas."""
    # Measured with Dagster 1.13: 120 MiB, and 1.5 s of CPU time to start; then 2 ms a second.
    resources: ResourceSettings = ResourceSettings(
        requests=Amounts(cpu="100m", memory="256Mi"), limits=Amounts(cpu="1", memory="1Gi")
    )
    """CPU and memory. The work is done in the pods of the runs."""


class RunSettings(Input):
    """The runs of data products. Each run is a pod that runs all steps of the product."""

    at_once: Count = 5
    """How many runs may run at once. Others wait in the queue."""
    per_product: Count = 1
    """How many of these may be of one product. Two runs of a dlt pipeline at once would load the same data twice."""


class DagsterConfig(Input):
    """Dagster runs the domain's data products.

    A product's image needs, in addition to what its steps need, Python with `dagster`, `dagster-postgres` and
    `dagster-k8s` in the versions that match the webserver: 1.13 and 0.29. The compiler adds the definitions.
    """

    type: Literal["dagster"] = "dagster"
    """The orchestrator."""
    webserver: WebserverSettings = WebserverSettings()
    """The user interface and API."""
    daemon: DaemonSettings = DaemonSettings()
    """Schedules, the queue of runs, and monitoring of runs."""
    code_locations: CodeLocationSettings = CodeLocationSettings()
    """The servers that provide the products' definitions."""
    runs: RunSettings = RunSettings()
    """The limits of runs."""
    steps: StepSettings = StepSettings()
    """The default resources of each step. A run gets as much as its largest step."""
    database: DatabaseChoice = PostgresqlServer()
    """The database for runs, events and schedules."""
    days_kept: Count = 30
    """How long the ticks of schedules are kept, in days."""
