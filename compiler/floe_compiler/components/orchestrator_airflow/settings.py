"""The configuration of the orchestrator `airflow`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from floe_compiler.kit.products.data_product import StepSettings
from floe_compiler.kit.s3 import BucketName
from floe_compiler.model.fields import matching
from floe_compiler.model.inputs import Amounts, DatabaseChoice, Input, PostgresqlServer, Replicas, ResourceSettings

FOLDER = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"
Count = Annotated[int, Field(ge=1)]


class ApiServerSettings(Input):
    """The API server: user interface, API, and where the pods of steps report to."""

    replicas: Replicas = 2
    """The number of replicas, or the bounds of an autoscaler."""
    # Measured with Airflow 3.3: 220 MiB when idle.
    resources: ResourceSettings = ResourceSettings(
        requests=Amounts(cpu="250m", memory="768Mi"), limits=Amounts(cpu="2", memory="2Gi")
    )
    """CPU and memory of each replica."""


class SchedulerSettings(Input):
    """The scheduler: schedules, the order of steps, and their pods."""

    replicas: Count = 1
    """The number of replicas. All of them work; they share the work through the database."""
    resources: ResourceSettings = ResourceSettings(
        requests=Amounts(cpu="250m", memory="768Mi"), limits=Amounts(cpu="2", memory="2Gi")
    )
    """CPU and memory of each replica."""


class DagProcessorSettings(Input):
    """The DAG processor: reads the DAGs of the products."""

    replicas: Count = 1
    """The number of replicas."""
    resources: ResourceSettings = ResourceSettings(
        requests=Amounts(cpu="100m", memory="512Mi"), limits=Amounts(cpu="1", memory="1Gi")
    )
    """CPU and memory of each replica."""


class TriggererSettings(Input):
    """The triggerer: waits for what deferred tasks wait for. The DAGs of data products defer nothing."""

    replicas: Count = 1
    """The number of replicas."""
    resources: ResourceSettings = ResourceSettings(
        requests=Amounts(cpu="100m", memory="512Mi"), limits=Amounts(cpu="1", memory="1Gi")
    )
    """CPU and memory of each replica."""


class RunSettings(Input):
    """The runs of data products. Each step of a run is a pod."""

    at_once: Count = 5
    """How many steps may run at once. Others wait."""
    per_product: Count = 1
    """How many runs of one product may be at work at once. Two runs of a dlt pipeline at once would load the same data
    twice."""


class LogSettings(Input):
    """The logs of steps. Their pods are deleted when they end."""

    remote: bool = True
    """Whether they are kept in the object store, if that is S3 or compatible with it. The user interface shows them."""
    bucket: BucketName | None = None
    """The bucket. Default: that of the warehouse."""
    folder: Annotated[str, matching(FOLDER, 'letters, digits, ".", "-" and "_"', "airflow-logs")] = "airflow-logs"
    """The folder of the logs in the folder of each product."""


class AirflowConfig(Input):
    """Airflow 3 runs the domain's data products: each is a DAG, and each step of a run is a pod of its own.

    Steps of a run share no files, as each has its own pod. A product's image needs, in addition to what its steps need,
    Python with `apache-airflow` and `apache-airflow-providers-amazon` in the versions of the image of Airflow, readable
    for every user. The compiler adds the DAG.
    """

    type: Literal["airflow"] = "airflow"
    """The orchestrator."""
    api_server: ApiServerSettings = ApiServerSettings()
    """User interface and API."""
    scheduler: SchedulerSettings = SchedulerSettings()
    """Schedules, the order of steps, and their pods."""
    dag_processor: DagProcessorSettings = DagProcessorSettings()
    """The reader of the DAGs."""
    triggerer: TriggererSettings = TriggererSettings()
    """The server for deferred tasks."""
    runs: RunSettings = RunSettings()
    """The limits of runs."""
    steps: StepSettings = StepSettings()
    """The default resources of each step."""
    logs: LogSettings = LogSettings()
    """The logs of steps."""
    database: DatabaseChoice = PostgresqlServer()
    """The database for runs, users and DAGs."""
