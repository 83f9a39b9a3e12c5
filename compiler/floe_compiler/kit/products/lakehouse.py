"""A product's access to the mesh's Iceberg tables and their files, for all programs that read or write them.

A catalog that issues ("vends") temporary credentials for the files of single tables makes keys of the store superfluous
for programs that reach files only through it: DuckDB's extension `iceberg` and PyIceberg. dlt 1.31 keeps its state and
the history of its loads in the bucket itself (`destinations/impl/filesystem`), so it needs keys of its own.
"""

from __future__ import annotations

from typing import Any

import msgspec

from floe_compiler.model.capabilities import Catalog, ObjectStore
from floe_compiler.model.catalog_clients import CatalogClient
from floe_compiler.model.data_access import SEMANTIC_LAYER, StoreClient, product_namespace
from floe_compiler.model.inputs import AnyStep, CustomStep, DltStep
from floe_compiler.model.plan import Context, Product
from floe_compiler.model.vending import is_vended


class Lakehouse(msgspec.Struct, frozen=True):
    """The catalog, a product's client and namespace, and the object store of the tables, if the platform has one."""

    catalog: Catalog
    client: CatalogClient
    namespace: str
    store: ObjectStore | None

    @property
    def is_vended(self) -> bool:
        """Return whether the catalog issues the credentials for files."""
        return is_vended(self.catalog, self.store)

    def variable(self, name: str) -> str:
        """Return the full name of a variable for the catalog."""
        return f"{self.catalog.prefix}{name}"


def lakehouse(context: Context[Any], product: Product) -> Lakehouse | None:
    """Return a product's lakehouse; None if there is no catalog."""
    return _lakehouse(context, product.domain, product.name)


def semantic_lakehouse(context: Context[Any]) -> Lakehouse | None:
    """Return the lakehouse of a domain's semantic layer; None if there is no catalog."""
    return _lakehouse(context, context.instance.scope, SEMANTIC_LAYER)


def _lakehouse(context: Context[Any], domain: str, reader: str) -> Lakehouse | None:
    catalog = context.optional(Catalog)
    if catalog is None:
        return None
    client = catalog.client(domain, reader)
    return Lakehouse(catalog, client, product_namespace(domain, reader), context.optional(ObjectStore))


def store_login(context: Context[Any], product: Product, *, writes_files: bool = False) -> StoreClient | None:
    """Return a product's login to the object store; None if it needs none.

    Where the store has no logins of products, it is that for the whole warehouse. `writes_files` says that something
    else than its steps writes files, such as an orchestrator its logs.
    """
    store = context.optional(ObjectStore)
    if store is None:
        return None
    writes_files = writes_files or any(_writes_files(step) for step in product.spec.steps)
    if is_vended(context.optional(Catalog), store) and not writes_files:
        return None
    return store.client(product.domain, product.name) or store.login(product.name)


def _writes_files(step: AnyStep) -> bool:
    return isinstance(step, DltStep) or (isinstance(step, CustomStep) and step.writes_files)
