"""BigQuery: dbt's models run in Google's warehouse. Nothing is rendered for it.

Sources: dbt-bigquery 1.11.3 (`BigQueryCredentials`; `dbt parse` was run with the profile), Google's documentation of
BigQuery (names of projects, datasets and locations).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from msgspec.structs import replace
from pydantic import Field

from floe_compiler.kit.google import HTTPS, TOKENS, GoogleIdentity, GoogleKey, identity
from floe_compiler.model.addresses import ANYWHERE
from floe_compiler.model.capabilities import Compute
from floe_compiler.model.durations import parse_duration
from floe_compiler.model.endpoint import Endpoint
from floe_compiler.model.facts import Parts, SecretFile
from floe_compiler.model.fields import Cidr, Name, Storage, Timeout, matching
from floe_compiler.model.inputs import Reached
from floe_compiler.model.plan import Component, Context, Instance
from floe_compiler.model.quantities import parse_quantity
from floe_compiler.model.secrets import Secret, SecretKey

HOST = "bigquery.googleapis.com"
KEY_FILE = "/run/secrets/bigquery/service-account.json"

Project = Annotated[
    str,
    matching(
        r"^[a-z][a-z0-9-]{4,28}[a-z0-9]$",
        'six to thirty lower-case letters, digits and "-", a letter first',
        "acme-data-prod",
    ),
]
Dataset = Annotated[str, matching(r"^[A-Za-z_][A-Za-z0-9_]{0,1023}$", 'letters, digits and "_"', "marts")]
Location = Annotated[
    str, matching(r"^(US|EU|[a-z]+-[a-z]+[0-9]+)$", "US, EU or a region in lower case", "europe-west3")
]


class BigQueryKey(GoogleKey):
    """dbt logs in with the key of a Google service account, from a secret of the namespace."""

    name: Name = "bigquery-credentials"
    """The secret's name."""


class BigQueryConfig(Reached):
    """BigQuery, in which dbt creates the models of each product in one dataset."""

    type: Literal["bigquery"] = "bigquery"
    """The kind of compute engine."""
    project: Project
    """The project with the datasets."""
    execution_project: Project | None = None
    """The project that pays for the queries. Default: `project`."""
    dataset: Dataset
    """The dataset in which models are created."""
    location: Location
    """Where the dataset is: it cannot be moved later."""
    threads: Annotated[int, Field(ge=1)] = 4
    """How many models run at once."""
    credentials: Annotated[GoogleIdentity | BigQueryKey, Field(discriminator="type")]
    """How the steps log in."""
    timeout: Timeout | None = None
    """How long one model may take. Default: as long as the step."""
    maximum_bytes_billed: Storage | None = None
    """How much one query may read, so that a mistake does not become expensive. Default: no limit."""
    cidr: Cidr = ANYWHERE
    """The address range of Google's APIs, for network policies (`199.36.153.8/30` for private access)."""


def connection(config: BigQueryConfig) -> Iterator[tuple[str, str]]:
    """Yield the connection parameters, by their names in Google's clients."""
    yield "project", config.project
    yield "dataset", config.dataset
    yield "location", config.location
    if config.execution_project:
        yield "execution_project", config.execution_project
    if isinstance(config.credentials, BigQueryKey):
        yield "key_file", KEY_FILE


def settings(config: BigQueryConfig) -> Iterator[tuple[str, str]]:
    """Yield the limits of each query."""
    if config.timeout:
        yield "timeout_seconds", str(parse_duration(config.timeout))
    if config.maximum_bytes_billed:
        yield "maximum_bytes_billed", str(int(parse_quantity(config.maximum_bytes_billed).amount))


def provides(instance: Instance[BigQueryConfig]) -> tuple[Compute, ...]:
    """Return the engine."""
    config, login = instance.config, instance.config.credentials
    compute = Compute(
        name="bigquery",
        engine="bigquery",
        connection=tuple(connection(config)),
        threads=config.threads,
        settings=tuple(settings(config)),
        endpoint=Endpoint(HOST, (HTTPS,), cidr=config.cidr),
    )
    if isinstance(login, GoogleIdentity):
        return (replace(compute, identity=identity(login.service_account)),)
    # The project's administrators provide the key; it is never generated.
    key = Secret(login.name, instance.namespace, (SecretKey(login.key),)).key(login.key)
    tokens = replace(TOKENS, cidr=config.cidr)
    return (replace(compute, secret_files=(SecretFile(KEY_FILE, key),), token_endpoint=tokens),)


def build(_context: Context[BigQueryConfig]) -> Parts:
    """Return no parts, as the engine runs elsewhere."""
    return Parts()


COMPONENT = Component(
    slot="compute",
    type="bigquery",
    summary="BigQuery, as a service account of Google's",
    config=BigQueryConfig,
    build=build,
    provides=provides,
)
