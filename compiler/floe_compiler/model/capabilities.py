"""What components offer one another. A consumer knows these contracts, never the component behind them.

Every class here is something a component can provide (`Component.provides`) and another can ask for
(`Requirement`). A provider fills the facts in from its configuration alone, before anything is rendered.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from floe_compiler.model.accounts import WorkloadIdentity
from floe_compiler.model.endpoint import Endpoint
from floe_compiler.model.facts import Scratch, SecretFile, Variable
from floe_compiler.model.secrets import SecretReference


@dataclass(frozen=True, slots=True)
class Capability:
    """Something that a component offers; `name` tells several of one kind apart.

    `slot` is the slot whose components offer this kind of thing, to tell people what to fill.
    """

    slot: ClassVar[str] = ""

    name: str


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


@dataclass(frozen=True, order=True, slots=True)
class CatalogClient:
    """Who a domain is in a catalog: it writes below `namespace`, and reads everything."""

    domain: str
    namespace: str
    client_id: SecretReference
    client_secret: SecretReference


@dataclass(frozen=True, slots=True)
class Catalog(Capability):
    """An Iceberg REST catalog. `warehouse` is the catalog's name in it; each domain logs in as its own client."""

    slot: ClassVar[str] = "catalog"

    endpoint: Endpoint
    url: str
    token_url: str
    warehouse: str
    realm: str
    clients: tuple[CatalogClient, ...] = ()

    def client(self, domain: str) -> CatalogClient:
        """Return the client that a domain logs in as; raise KeyError if it has none (a domain without products)."""
        for client in self.clients:
            if client.domain == domain:
                return client
        raise KeyError(f"catalog {self.name} has no client for domain {domain}")


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
class Compute(Capability):
    """Where dbt runs: a target of `profiles.yml` and what its pods need for it.

    `profile` is the target as dbt reads it (plain data; values may use dbt's `env_var`), `catalog_profile` what joins
    it where there is a catalog. `scratch` are the folders that the engine writes to. `endpoint` is None for an engine
    that runs inside the step itself.
    """

    slot: ClassVar[str] = "compute"

    profile: tuple[tuple[str, object], ...]
    catalog_profile: tuple[tuple[str, object], ...] = ()
    variables: tuple[Variable, ...] = ()
    secret_files: tuple[SecretFile, ...] = ()
    scratch: tuple[Scratch, ...] = ()
    endpoint: Endpoint | None = None

    def target(self, *, catalog: bool) -> dict[str, object]:
        """Return the target of `profiles.yml`, as plain data, with or without a catalog."""
        return dict(self.profile) | (dict(self.catalog_profile) if catalog else {})
