"""The configuration of the orchestrator `dagster`."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from floe_compiler.kit.products.data_product import StepSettings
from floe_compiler.model.durations import parse_duration
from floe_compiler.model.fields import Duration
from floe_compiler.model.inputs import Amounts, DatabaseChoice, Input, PostgresqlServer, Replicas, ResourceSettings

SHORTEST_INTERVAL = 15
"""Seconds that a health check of the daemon may take: it starts a Python process that needs 3.5 s of a CPU."""

Count = Annotated[int, Field(ge=1)]


class WebserverSettings(Input):
    """The webserver: user interface and API."""

    replicas: Replicas = 2
    """How many there are, or the bounds of an autoscaler."""
    resources: ResourceSettings = ResourceSettings(
        requests=Amounts(cpu="500m", memory="1Gi"), limits=Amounts(cpu="2", memory="4Gi")
    )
    """CPU and memory."""


class DaemonSettings(Input):
    """The daemon: schedules, the queue of runs, and the watch over them."""

    mode: Literal["single"] = "single"
    """One daemon: two against one database would start every scheduled run twice."""
    restart_timeout: Duration = "1m"
    """How long a daemon may be without a sign of life, and then fail its health check, until it is restarted. One that
    ends is restarted at once."""
    health_check_interval: Duration = "30s"
    """How often its health is checked."""
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
    """How many there are of each."""
    resources: ResourceSettings = ResourceSettings(
        requests=Amounts(cpu="1", memory="2Gi"), limits=Amounts(cpu="2", memory="2Gi")
    )
    """CPU and memory."""


class RunSettings(Input):
    """The runs of data products: a pod each, all steps of the product in it."""

    at_once: Count = 5
    """How many runs there may be at once; the others wait in the queue."""
    per_product: Count = 1
    """How many of these may be of one product. Two runs of one dlt pipeline would load the same data twice."""


class DagsterConfig(Input):
    """Dagster runs the domain's data products.

    A product's image must hold, beside what its steps need, Python with `dagster`, `dagster-postgres` and
    `dagster-k8s` in the versions that belong to the webserver's: 1.13 and 0.29. The compiler brings the definitions.
    """

    type: Literal["dagster"] = "dagster"
    """The orchestrator."""
    webserver: WebserverSettings = WebserverSettings()
    """User interface and API."""
    daemon: DaemonSettings = DaemonSettings()
    """Schedules, queue, and the watch over runs."""
    code_locations: CodeLocationSettings = CodeLocationSettings()
    """The servers of the products' definitions."""
    runs: RunSettings = RunSettings()
    """How many runs there are at once."""
    steps: StepSettings = StepSettings()
    """What each step gets; a run gets as much as its largest step."""
    database: DatabaseChoice = PostgresqlServer()
    """Where Dagster keeps runs, events and schedules."""
    days_kept: Count = 30
    """How long the ticks of schedules are kept."""
