"""The configuration of the semantic layer `cube`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from floe_compiler.kit.s3 import BucketName
from floe_compiler.model.addresses import ANYWHERE
from floe_compiler.model.fields import Cidr, ImageReference, Storage, matching
from floe_compiler.model.hosts import check_url
from floe_compiler.model.inputs import Amounts, Input, Reached, Replicas, ResourceSettings

FOLDER = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"
USER = r"^[a-z_][a-z0-9_]*$"


def check_keys(text: str) -> str:
    """Accept the URL of public keys."""
    return check_url(text, "https://login.example.com/realms/acme/protocol/openid-connect/certs", path=True)


class TokenIssuer(Reached):
    """Who signs the tokens, with keys that it publishes, such as an identity provider."""

    named_by = "keys_url"

    keys_url: Annotated[str, AfterValidator(check_keys)]
    """The URL of its public keys (JWKS)."""
    issuer: str
    """The issuer that a token must name (`iss`)."""
    audience: str
    """The audience that a token must be for (`aud`)."""
    cidr: Cidr = ANYWHERE
    """The server's address range, for network policies."""


class ApiSettings(Input):
    """The API servers: REST, GraphQL and SQL."""

    replicas: Replicas = 2
    """The number of replicas, or the bounds of an autoscaler."""
    resources: ResourceSettings = ResourceSettings(
        requests=Amounts(cpu="250m", memory="512Mi"), limits=Amounts(cpu="2", memory="2Gi")
    )
    """CPU and memory of each replica."""


class RefreshWorkerSettings(Input):
    """The refresh worker: it builds the pre-aggregations in the background."""

    resources: ResourceSettings = ResourceSettings(
        requests=Amounts(cpu="250m", memory="512Mi"), limits=Amounts(cpu="2", memory="2Gi")
    )
    """CPU and memory."""
    scratch: Storage = "4Gi"
    """The size of `/tmp`, where a pre-aggregation is on its way from the engine to Cube Store, compressed."""


class StoreSettings(Input):
    """Cube Store: it keeps results, queues and pre-aggregations."""

    workers: Annotated[int, Field(ge=0)] = 2
    """The number of workers, which run the queries and share the platform's object store. With 0, the router does, and
    keeps all data on its volume."""
    bucket: BucketName | None = None
    """The bucket that router and workers share. Default: that of the warehouse."""
    folder: Annotated[str, matching(FOLDER, 'letters, digits, ".", "-" and "_"', "cube-store")] = "cube-store"
    """The folder in the bucket; each domain has a folder of its own in it."""
    storage: Storage = "10Gi"
    """The size of the router's volume, and of each worker's folder for what it works with."""
    router: ResourceSettings = ResourceSettings(
        requests=Amounts(cpu="250m", memory="1Gi"), limits=Amounts(cpu="2", memory="2Gi")
    )
    """CPU and memory of the router."""
    worker: ResourceSettings = ResourceSettings(
        requests=Amounts(cpu="500m", memory="2Gi"), limits=Amounts(cpu="2", memory="4Gi")
    )
    """CPU and memory of each worker."""


class SqlSettings(Input):
    """The SQL API, which speaks PostgreSQL's protocol, for reports and notebooks in the cluster."""

    enabled: bool = True
    """Whether to offer it."""
    user: Annotated[str, matching(USER, 'lower-case letters, digits and "_"', "cube")] = "cube"
    """The name of its user. The password is in the secret `cube-keys`."""


class CubeConfig(Input):
    """Cube serves a domain's models: measures and dimensions with a meaning, over tables of the domain's engine."""

    type: Literal["cube"] = "cube"
    """The kind of semantic layer."""
    image: ImageReference | None = None
    """An image based on Cube's, with an exact tag or digest, that has DuckDB's extensions, or the models, too. Default:
    Cube's own image."""
    models: Literal["domain", "image"] = "domain"
    """Where the models are: in `domains/<domain>/semantic/`, or in the image's folder `/cube/conf/model`."""
    api: ApiSettings = ApiSettings()
    """The API servers."""
    refresh_worker: RefreshWorkerSettings = RefreshWorkerSettings()
    """The refresh worker."""
    store: StoreSettings = StoreSettings()
    """Cube Store."""
    sql: SqlSettings = SqlSettings()
    """The SQL API."""
    tokens: TokenIssuer | None = None
    """Whose tokens the API accepts. Default: those that are signed with `api-secret` of the secret `cube-keys`."""
