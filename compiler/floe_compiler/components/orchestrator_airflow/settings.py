"""The configuration of the orchestrator `airflow`."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from floe_compiler.kit.login_groups import Groups, LoginByGroups, Scope
from floe_compiler.kit.products.data_product import StepSettings
from floe_compiler.kit.redis import RedisServer
from floe_compiler.kit.s3 import BucketName
from floe_compiler.model.addresses import ANYWHERE
from floe_compiler.model.durations import parse_duration
from floe_compiler.model.fields import Cidr, Duration, Name, Storage, matching
from floe_compiler.model.inputs import (
    Amounts,
    ClientKeys,
    DatabaseChoice,
    Input,
    LoginServer,
    PostgresqlServer,
    Replicas,
    ResourceSettings,
)
from floe_compiler.model.inputs.ingress import check_issuer

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
    """The triggerer: notices new data in the inputs of products that have a `trigger`.

    With the executor `celery`, it waits for the pods of steps, too.
    """

    replicas: Count = 1
    """The number of replicas."""
    resources: ResourceSettings = ResourceSettings(
        requests=Amounts(cpu="100m", memory="512Mi"), limits=Amounts(cpu="1", memory="1Gi")
    )
    """CPU and memory of each replica."""


class WorkerBounds(Input):
    """The bounds between which KEDA sets the number of workers, by the steps that wait for one."""

    minimum: Annotated[int, Field(ge=0)] = 2
    """The lowest number of workers. With 0, there is none while nothing is to be started."""
    maximum: Count = 5
    """The highest number of workers; the quota must have room for them."""
    cooldown: Duration = "5m"
    """How long there must be less to do before there are fewer workers."""

    @property
    def cooldown_seconds(self) -> int:
        """Return this time in seconds."""
        return parse_duration(self.cooldown)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.minimum > self.maximum:
            raise ValueError(f"minimum {self.minimum} is above maximum {self.maximum}; correct one of them")
        return self


class WorkerSettings(Input):
    """The workers of Celery. They create the pods of steps and keep their logs. Meanwhile, the triggerer waits."""

    replicas: Count | WorkerBounds = 2
    """The number of workers, or the bounds between which KEDA sets it."""
    concurrency: Count = 4
    """How many steps a worker starts or ends at once."""
    resources: ResourceSettings = ResourceSettings(
        requests=Amounts(cpu="250m", memory="1Gi"), limits=Amounts(cpu="2", memory="3Gi")
    )
    """CPU and memory of each worker."""


class BrokerSettings(RedisServer):
    """The broker of the workers. A message about a step has some kilobytes."""

    storage: Storage = "1Gi"
    """The size of its volume: at least three times what it may hold, which is 60 % of its memory limit."""
    resources: ResourceSettings = ResourceSettings(
        requests=Amounts(cpu="50m", memory="128Mi"), limits=Amounts(cpu="500m", memory="256Mi")
    )
    """CPU and memory. Steps that wait take up to 60 % of the memory limit."""


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
    """The folder of the logs, with one in it for each product."""


def check_scopes(scopes: tuple[str, ...]) -> tuple[str, ...]:
    """Accept the scopes of a login by OpenID Connect."""
    if "openid" not in scopes:
        raise ValueError("without the scope openid, the provider does not say who logs in; add openid")
    return scopes


class LoginSecret(Input):
    """The secret of Airflow's client at the identity provider."""

    name: Name = "airflow-oidc"
    """The secret's name."""
    keys: ClientKeys = ClientKeys()
    """The keys in the secret."""
    existing: bool = False
    """The Secret is created outside the compiler, which then renders nothing for it."""


class AirflowLogin(LoginByGroups):
    """Login at an identity provider that speaks OpenID Connect.

    Its redirect URL is `https://<host>/auth/oauth-authorized/oidc`, with the host at which users open Airflow.
    """

    named_by = "issuer"

    type: Literal["oidc"]
    """How people log in."""
    issuer: Annotated[str, AfterValidator(check_issuer)]
    """The URL of the identity provider, as it names itself (`https://login.acme.example/realms/acme`)."""
    cidr: Cidr = ANYWHERE
    """The provider's address range, for network policies."""
    servers: Annotated[tuple[LoginServer, ...], Field(strict=False)] = ()
    """Further servers of the provider, which its discovery document names."""
    scopes: Annotated[tuple[Scope, ...], Field(strict=False), AfterValidator(check_scopes)] = (
        "openid",
        "profile",
        "email",
    )
    """The scopes to ask for. Some providers tell the groups only with one of their own (`groups`)."""
    admins: Groups = ()
    """The groups whose people may change everything (Airflow's role Admin)."""
    editors: Groups = ()
    """The groups whose people may start, stop and repeat runs (User)."""
    viewers: Groups | None = None
    """The groups whose people may look at runs and their logs (Viewer). Default: everyone who can log in."""
    session: Duration = "12h"
    """How long a login lasts. Who leaves a group keeps the role until then."""
    secret: LoginSecret = LoginSecret()
    """The secret of Airflow's client."""


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
    """What notices new data in the inputs of products and, with the executor `celery`, waits for the pods of steps."""
    executor: Literal["kubernetes", "celery"] = "kubernetes"
    """What starts the pods of steps: the scheduler, or workers that get steps from a broker (Celery)."""
    workers: WorkerSettings = WorkerSettings()
    """With the executor `celery`: the workers."""
    broker: BrokerSettings = BrokerSettings()
    """With the executor `celery`: the broker, a server with Redis' protocol, run by Valkey."""
    runs: RunSettings = RunSettings()
    """The limits of runs."""
    steps: StepSettings = StepSettings()
    """The default resources of each step."""
    logs: LogSettings = LogSettings()
    """The logs of steps."""
    login: AirflowLogin | None = None
    """Login at an identity provider. Default: by name and password."""
    database: DatabaseChoice = PostgresqlServer()
    """The database for runs, users and DAGs."""
