"""What components offer to each other. A consumer knows these classes, never the component that provides one.

Every class here is something that a component can provide (`Component.provides`) and another can require
(`Requirement`). A provider sets the fields from its configuration alone, before anything is rendered.
"""

from __future__ import annotations

from typing import ClassVar, Literal, Self

import msgspec
from msgspec.structs import replace

from floe_compiler.model.accounts import WorkloadIdentity
from floe_compiler.model.backup_store import BackupStore as BackupStore  # re-exported: a part of a capability
from floe_compiler.model.catalog_clients import CatalogClient
from floe_compiler.model.data_access import ByDomain, StoreClient, of_domain
from floe_compiler.model.endpoint import Endpoint
from floe_compiler.model.facts import Resources, Scratch, SecretFile, Variable
from floe_compiler.model.secrets import SecretReference


class Capability(msgspec.Struct, frozen=True):
    """Something that a component offers; `name` distinguishes it from others of its kind.

    `slot` is the slot whose components offer this kind of capability. Messages name it as the slot to fill.
    """

    slot: ClassVar[str] = ""

    name: str

    def about(self, _domain: str) -> Self:
        """Return the capability reduced to what a domain may know of it."""
        return self


class Database(Capability, frozen=True):
    """A PostgreSQL database with its owner. `name` is `<server>/<database>`."""

    endpoint: Endpoint
    database: str
    user: str
    """The owner's name; empty if it is only in the secret, see `user_key`."""

    password: SecretReference
    user_key: SecretReference | None = None
    """The secret's key with the user's name, if `user` is empty."""

    ssl_mode: str = ""
    """The `sslmode` of connections, the same for libpq and JDBC; empty for their default."""


class ObjectStore(Capability, frozen=True):
    """Object storage for the warehouse: MinIO, S3 and what is compatible with it, or another cloud's storage."""

    slot: ClassVar[str] = "storage"

    endpoint: Endpoint
    kind: Literal["s3", "gcs", "adls"]
    bucket: str
    warehouse: str
    """The base URL of the warehouse's tables (`s3://warehouse/`)."""

    region: str = ""
    url: str = ""
    """The endpoint for S3 clients; empty for AWS."""

    path_style: bool = False
    access_key: SecretReference | None = None
    secret_key: SecretReference | None = None
    """The keys for the whole warehouse: of the shared services and, without `clients`, of products. The secret key is
    the secret access key (S3), the JSON key of a service account (GCS), or an application's client secret (ADLS)."""

    identity: WorkloadIdentity | None = None
    """The identity that reads and writes the store without keys, and the servers that issue credentials (AWS STS)."""

    account: str = ""
    """The storage account (ADLS)."""

    client_id: str = ""
    """The application that the secret is that of (ADLS)."""

    others: tuple[Endpoint, ...] = ()
    """More servers that its clients call, such as one that exchanges a key for a token."""

    issuers: tuple[Endpoint, ...] = ()
    """The servers that a catalog calls in order to issue temporary credentials, besides those of its identity."""

    clients: ByDomain[StoreClient] = {}
    """The products' own logins, each for the files of its own tables and those of its inputs."""

    issues_credentials: bool = False
    """Whether a catalog can have it issue temporary credentials for the files of single tables (STS)."""

    role: str = ""
    """The cloud role (S3) or service account (GCS) that the catalog assumes to issue credentials, if any."""

    tenant: str = ""
    """The directory tenant of the storage account (ADLS)."""

    def calls(self) -> tuple[Endpoint, ...]:
        """Return every server that a client of the store connects to, without those of its identity."""
        return (self.endpoint, *self.others)

    def login(self, product: str = "") -> StoreClient:
        """Return the login to the whole warehouse, of a product or of a shared service."""
        return StoreClient(product, self.access_key, self.secret_key, self.identity, self.client_id)

    def about(self, domain: str) -> Self:
        """Return the store with the logins of the products of this domain."""
        return replace(self, clients=of_domain(self.clients, domain)) if self.clients else self

    def client(self, domain: str, product: str) -> StoreClient | None:
        """Return a product's own login; None if it has none."""
        return next((login for login in self.clients.get(domain, ()) if login.product == product), None)


class DatabaseBackups(Capability, frozen=True):
    """How the databases of a namespace are backed up, or why they are not (`store` is None)."""

    slot: ClassVar[str] = "databases.backup"

    store: BackupStore | None = None
    schedule: str = ""
    time_zone: str = ""
    retention_days: int | None = None
    """For how many days backups are kept; None: nothing deletes them here."""

    resources: Resources | None = None
    """Of each container that makes or sends a backup."""


class Catalog(Capability, frozen=True):
    """An Iceberg REST catalog. `warehouse` is its name on the server. Each product logs in with its own client."""

    slot: ClassVar[str] = "catalog"

    endpoint: Endpoint
    uri: str
    """The base URL of the REST API, without `/v1`."""

    warehouse: str
    clients: ByDomain[CatalogClient] = {}
    vends_credentials: Literal["never", "by-the-store", "always"] = "never"
    """Whether clients get temporary credentials for the files of a table with it; or only if the store issues them."""

    token_endpoint: Endpoint | None = None
    """The server that issues tokens, if it is another one."""

    headers: tuple[tuple[str, str], ...] = ()
    """Additional headers of every request, such as the tenant."""

    prefix: str = "FLOE_CATALOG_"
    """Prefix of the environment variables that tell a data product's steps about the catalog."""

    variables: tuple[Variable, ...] = ()
    """More environment variables for this kind of catalog."""

    def about(self, domain: str) -> Self:
        """Return the catalog with the clients of the products of this domain."""
        return replace(self, clients=of_domain(self.clients, domain))

    def client(self, domain: str, product: str) -> CatalogClient:
        """Return the client of a product; raise KeyError if it has none."""
        for client in self.clients.get(domain, ()):
            if client.product == product:
                return client
        raise KeyError(f"catalog {self.name} has no client for product {domain}/{product}")

    def calls(self) -> tuple[Endpoint, ...]:
        """Return every server that a client of the catalog connects to."""
        return (self.endpoint, self.token_endpoint) if self.token_endpoint else (self.endpoint,)


class Collector(Capability, frozen=True):
    """An OTLP receiver."""

    slot: ClassVar[str] = "observability.collector"

    grpc: Endpoint
    """The OTLP receivers over gRPC and (below) over HTTP, each with a single port."""

    http: Endpoint
    keeps_logs: bool = True
    """Whether it sends logs anywhere."""


class TraceStore(Capability, frozen=True):
    """A store of traces that receives them over OTLP and gRPC, from the collector."""

    slot: ClassVar[str] = "observability.tracing"

    endpoint: Endpoint
    query: Endpoint | None = None
    """The server that answers Jaeger's HTTP API, through which others show traces; None if there is none."""


class MetricsStore(Capability, frozen=True):
    """A store of metrics that answers PromQL queries over Prometheus' HTTP API."""

    slot: ClassVar[str] = "observability.metrics"

    endpoint: Endpoint
    receivers: tuple[str, ...] = ()
    """The base URL of each replica for metrics over OTLP and HTTP, at the port of the endpoint."""


class Monitoring(Capability, frozen=True):
    """Something collects the metrics of all namespaces: programs without metrics of their own get an exporter."""

    slot: ClassVar[str] = "observability.metrics"


class DomainServer(Capability, frozen=True):
    """A server that each domain has for itself, for those of its products that ask for it."""

    endpoint: Endpoint
    url: str
    """Its URL, without a password."""
    password: SecretReference


class Cache(DomainServer, frozen=True):
    """A server that speaks Redis' protocol, for what its clients can do without. They log in as the user `default`."""

    slot: ClassVar[str] = "cache"


class SemanticLayer(DomainServer, frozen=True):
    """A server that answers SQL about the domain's models, by PostgreSQL's protocol; the URL names the user."""

    slot: ClassVar[str] = "semantic_layer"


class Lineage(Capability, frozen=True):
    """An OpenLineage receiver."""

    slot: ClassVar[str] = "observability.lineage"

    endpoint: Endpoint
    url: str


class FromVariable(msgspec.Struct, frozen=True):
    """A value from a secret, which is read from this environment variable when it is used."""

    name: str


class Compute(Capability, frozen=True):
    """An engine that runs SQL: how a client connects to it, and what the client's pod needs for that.

    `connection` has the engine's own keys (`account`, `database`, `schema` ...). `settings` apply to each session, and
    `extensions` are loaded into it. `scratch` are the folders that the engine writes to. `endpoint` is None for an
    engine that runs inside the client. Clients log in with secrets or with an `identity`; `token_endpoint` exchanges a
    key.
    """

    slot: ClassVar[str] = "compute"

    engine: str
    """Its kind: `duckdb`, `snowflake` ..."""

    connection: tuple[tuple[str, str | FromVariable], ...]
    threads: int
    """How many queries run at once."""

    settings: tuple[tuple[str, str], ...] = ()
    extensions: tuple[str, ...] = ()
    extension_settings: tuple[tuple[str, str, str], ...] = ()
    """Settings for sessions that load an extension: its name, the setting and the value."""

    variables: tuple[Variable, ...] = ()
    secret_files: tuple[SecretFile, ...] = ()
    scratch: tuple[Scratch, ...] = ()
    endpoint: Endpoint | None = None
    identity: WorkloadIdentity | None = None
    ignores_keys: bool = False
    """Whether its clients ask for their identity, and not in the order of their cloud's libraries: keys come first."""

    token_endpoint: Endpoint | None = None

    def calls(self) -> tuple[Endpoint, ...]:
        """Return the servers that clients call; an identity has its own."""
        return tuple(endpoint for endpoint in (self.endpoint, self.token_endpoint) if endpoint)
