"""Who reads and writes which tables: what follows from the declared inputs and outputs of data products.

Each product has a namespace of its own in the catalog. It has one level, as DuckDB and Snowflake do not support nested
ones. So what a product may write is one namespace, and below it are its tables and nobody else's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

import msgspec

from floe_compiler.model.accounts import WorkloadIdentity
from floe_compiler.model.joined_names import identifier, joined_identifiers
from floe_compiler.model.secrets import SecretReference


class OutputTable(msgspec.Struct, frozen=True, order=True, array_like=True):
    """An output of a data product, which is a table in the catalog."""

    domain: str
    product: str
    output: str

    @property
    def namespace(self) -> str:
        """Return the namespace of the catalog that has it: that of its product."""
        return product_namespace(self.domain, self.product)

    @property
    def name(self) -> str:
        """Return its name in the namespace."""
        return identifier(self.output)

    @property
    def identifier(self) -> str:
        """Return its whole name: `sales__customer_360.customers`."""
        return f"{self.namespace}.{self.name}"


class StoreFolder(msgspec.Struct, frozen=True, order=True, array_like=True):
    """A folder of the object store with other files than those of tables, such as logs."""

    path: str
    """How the paths of its files in the warehouse begin: `airflow-logs/sales__`."""

    writes: bool = False
    bucket: str = ""
    """The bucket. Empty: that of the warehouse."""


class KeptFiles(msgspec.Struct, frozen=True):
    """What a component of a domain keeps in the object store besides tables, and which of its pods use that."""

    users: tuple[tuple[str, StoreFolder], ...] = ()
    """The logins of its pods, each with the folder that it is for. Their names have two hyphens, as no product's."""

    of_products: StoreFolder | None = None
    """A folder in which each product of the domain has a folder of its own, with the name of its namespace."""


class ServedProduct(msgspec.Struct, frozen=True, order=True, array_like=True):
    """A data product as the shared services know it: its tables that others read, and those that it reads itself.

    What reads or writes files for a domain besides its products - its semantic layer, the logs of its orchestrator -
    has a login of its own, too, and so is in the place of a product.
    """

    domain: str
    name: str
    reads: tuple[OutputTable, ...] = ()
    """The tables of its inputs, sorted."""

    writes_files: bool = False
    """Whether a step of it reads or writes files of the object store itself, and not only through the catalog."""

    folders: tuple[StoreFolder, ...] = ()
    """The folders of the store that it uses besides its tables."""

    only_files: bool = False
    """Whether it is the login of a component's pods, which is for folders of the store and not for the catalog."""

    @property
    def namespace(self) -> str:
        """Return its own namespace, below which it may write."""
        return product_namespace(self.domain, self.name)

    @property
    def reaches_files(self) -> bool:
        """Return whether it reads or writes files of the store by itself, and not only those of tables."""
        return self.writes_files or bool(self.folders)

    @property
    def only_reads(self) -> bool:
        """Return whether it has no tables of its own, so that it may write nowhere."""
        return self.only_files or self.name == SEMANTIC_LAYER


SEMANTIC_LAYER = "semantic--layer"
"""The name under which a domain's semantic layer reads its tables. No product can have it, as it has two hyphens."""


def product_namespace(domain: str, product: str) -> str:
    """Return the catalog's namespace of a product: `sales__customer_360`."""
    return joined_identifiers(domain, product)


class StoreClient(msgspec.Struct, frozen=True):
    """A product's own login to the object store, for the files of its own tables and those of its inputs."""

    product: str
    access_key: SecretReference | None = None
    secret_key: SecretReference | None = None
    identity: WorkloadIdentity | None = None
    """What it logs in with instead of keys."""

    client_id: str = ""
    """The application that the secret is that of (ADLS)."""


Client = TypeVar("Client")

ByDomain = Mapping[str, tuple[Client, ...]]
"""The clients of the products of each domain, sorted."""


def by_domain(products: Iterable[ServedProduct], client: Callable[[ServedProduct], Client]) -> ByDomain[Client]:
    """Return the client of each product, by domain."""
    clients: dict[str, tuple[Client, ...]] = {}
    for product in products:
        clients[product.domain] = (*clients.get(product.domain, ()), client(product))
    return clients


def of_domain(clients: ByDomain[Client], domain: str) -> ByDomain[Client]:
    """Return the clients of the products of one domain."""
    return {domain: clients[domain]} if domain in clients else {}
