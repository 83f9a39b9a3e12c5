"""What components offer one another. A consumer knows these contracts, never the component behind them.

Every class here is something a component can provide (`Component.provides`) and another can ask for
(`Requirement`). A provider fills the facts in from its configuration alone, before anything is rendered.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import ClassVar, Literal, Self

from floe_compiler.model.accounts import WorkloadIdentity
from floe_compiler.model.endpoint import Endpoint
from floe_compiler.model.facts import Scratch, SecretFile, Variable
from floe_compiler.model.secrets import Secret, SecretReference


@dataclass(frozen=True, slots=True)
class Capability:
    """Something that a component offers; `name` tells several of one kind apart.

    `slot` is the slot whose components offer this kind of thing, to tell people what to fill.
    """

    slot: ClassVar[str] = ""

    name: str

    def about(self, _domains: Collection[str]) -> Self:
        """Return the capability without what concerns other domains only: as one gets it that reads just these."""
        return self


@dataclass(frozen=True, slots=True)
class Database(Capability):
    """A PostgreSQL database with its owner. `name` is `<server>/<database>`."""

    endpoint: Endpoint
    database: str
    user: str
    """Who owns it; empty if only the secret knows, see `user_key`."""

    password: SecretReference
    user_key: SecretReference | None = None
    """Where the user's name is, if `user` does not say it."""

    ssl_mode: str = ""
    """The `sslmode` of connections, in the words of libpq and JDBC alike; empty for their own default."""


@dataclass(frozen=True, slots=True)
class ObjectStore(Capability):
    """Object storage for the warehouse: MinIO, S3 and others that speak S3, or a cloud's own."""

    slot: ClassVar[str] = "storage"

    endpoint: Endpoint
    kind: Literal["s3", "gcs", "adls"]
    bucket: str
    warehouse: str
    """The URL under which the warehouse's tables lie (`s3://warehouse/`)."""

    region: str = ""
    url: str = ""
    """The endpoint that S3 clients must be told; empty for AWS itself."""

    path_style: bool = False
    access_key: SecretReference | None = None
    secret_key: SecretReference | None = None
    identity: WorkloadIdentity | None = None
    """Who reads and writes the store instead of with keys, and where credentials for it are handed out (AWS STS)."""

    role: str = ""
    """The cloud role (S3) or service account (GCS) that the catalog assumes to vend credentials, if any."""

    tenant: str = ""
    """The directory tenant of the storage account (ADLS)."""


@dataclass(frozen=True, slots=True)
class OAuth2Credentials:
    """OAuth2 client credentials: id and secret are exchanged at `token_url` for a token of that scope."""

    client_id: SecretReference
    client_secret: SecretReference
    token_url: str
    scope: str = ""
    """Empty: whatever the server gives to who asks for none."""


@dataclass(frozen=True, slots=True)
class BearerToken:
    """A token that goes with every request as it is."""

    token: SecretReference


Credentials = OAuth2Credentials | BearerToken


@dataclass(frozen=True, slots=True)
class CatalogClient:
    """Who a domain is in a catalog: it writes below `namespace`, and reads everything."""

    domain: str
    namespace: str
    credentials: Credentials | None = None
    """None: the catalog asks for no login."""


@dataclass(frozen=True, slots=True)
class Catalog(Capability):
    """An Iceberg REST catalog. `warehouse` is its name on the server; each domain logs in as a client of its own."""

    slot: ClassVar[str] = "catalog"

    endpoint: Endpoint
    uri: str
    """The base URL of the REST API, below which `/v1` lies."""

    warehouse: str
    clients: tuple[CatalogClient, ...] = ()
    token_endpoint: Endpoint | None = None
    """The server that hands out tokens, if it is another one."""

    headers: tuple[tuple[str, str], ...] = ()
    """What every request has to say beside, such as the tenant."""

    prefix: str = "FLOE_CATALOG_"
    """What the names of the variables begin with by which a data product's steps know the catalog."""

    variables: tuple[Variable, ...] = ()
    """What this catalog says to steps beside what every catalog does."""

    def about(self, domains: Collection[str]) -> Self:
        """Return the catalog with the clients of these domains."""
        return replace(self, clients=tuple(client for client in self.clients if client.domain in domains))

    def client(self, domain: str) -> CatalogClient:
        """Return the client that a domain logs in as; raise KeyError if it has none (a domain without products)."""
        for client in self.clients:
            if client.domain == domain:
                return client
        raise KeyError(f"catalog {self.name} has no client for domain {domain}")

    def calls(self) -> tuple[Endpoint, ...]:
        """Return every server that a client of the catalog connects to."""
        return (self.endpoint, self.token_endpoint) if self.token_endpoint else (self.endpoint,)


@dataclass(frozen=True, slots=True)
class Collector(Capability):
    """An OTLP receiver."""

    slot: ClassVar[str] = "observability.collector"

    grpc: Endpoint
    """Where OTLP over gRPC is taken, as is that over HTTP below: each with its one port."""

    http: Endpoint


@dataclass(frozen=True, slots=True)
class Lineage(Capability):
    """An OpenLineage receiver."""

    slot: ClassVar[str] = "observability.lineage"

    endpoint: Endpoint
    url: str


@dataclass(frozen=True, slots=True)
class FromVariable:
    """A value that is read from this environment variable when it is used, as it stands in a secret."""

    name: str


@dataclass(frozen=True, slots=True)
class Compute(Capability):
    """An engine that runs SQL: how a client connects to it, and what the client's pod needs for that.

    `connection` has the engine's own words (`account`, `database`, `schema` ...), `settings` hold for each session, and
    `extensions` are loaded into it. `scratch` are the folders that the engine writes to. `endpoint` is None for an
    engine that runs inside the client itself.
    """

    slot: ClassVar[str] = "compute"

    engine: str
    """Its kind: `duckdb`, `snowflake` ..."""

    connection: tuple[tuple[str, str | FromVariable], ...]
    threads: int
    """How many queries run at once."""

    settings: tuple[tuple[str, str], ...] = ()
    extensions: tuple[str, ...] = ()
    variables: tuple[Variable, ...] = ()
    secret_files: tuple[SecretFile, ...] = ()
    scratch: tuple[Scratch, ...] = ()
    endpoint: Endpoint | None = None


def secrets_of(fact: object) -> Iterator[Secret]:
    """Yield the secrets that a capability, or a part of it, hands over."""
    if isinstance(fact, SecretReference):
        yield fact.secret
    elif isinstance(fact, tuple):
        for one in fact:
            yield from secrets_of(one)
    elif is_dataclass(fact):
        for field in fields(fact):
            yield from secrets_of(getattr(fact, field.name))
