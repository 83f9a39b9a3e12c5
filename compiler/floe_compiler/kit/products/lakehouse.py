"""The mesh's Iceberg tables as one domain sees them, for every program that reads or writes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from floe_compiler.model.capabilities import Catalog, CatalogClient, ObjectStore
from floe_compiler.model.plan import Context


@dataclass(frozen=True, slots=True)
class Lakehouse:
    """The catalog, the domain's client in it, and the store that the tables lie in, if the platform has one."""

    catalog: Catalog
    client: CatalogClient
    store: ObjectStore | None

    def variable(self, name: str) -> str:
        """Return the whole name of one of the catalog's variables."""
        return f"{self.catalog.prefix}{name}"


def lakehouse(context: Context[Any], domain: str) -> Lakehouse | None:
    """Return the lakehouse as a domain sees it; None without a catalog."""
    catalog = context.optional(Catalog)
    return Lakehouse(catalog, catalog.client(domain), context.optional(ObjectStore)) if catalog else None
