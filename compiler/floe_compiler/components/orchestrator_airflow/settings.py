"""The configuration of the orchestrator `airflow`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from floe_compiler.kit.login_groups import Groups, LoginByGroups, Scope
from floe_compiler.kit.products.data_product import StepSettings
from floe_compiler.kit.s3 import BucketName
from floe_compiler.model.addresses import ANYWHERE
from floe_compiler.model.fields import Cidr, Duration, Name, matching
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
    """The triggerer: notices new data in the inputs of products that have a `trigger`."""

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
    """What notices new data in the inputs of products."""
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
