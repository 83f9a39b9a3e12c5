"""A domain's access to the mesh's Iceberg tables, for all programs that read or write them."""

from __future__ import annotations

from typing import Any

import msgspec

from floe_compiler.model.capabilities import Catalog, CatalogClient, ObjectStore
from floe_compiler.model.plan import Context


class Lakehouse(msgspec.Struct, frozen=True):
    """The catalog, the domain's client, and the object store of the tables, if the platform has one."""

    catalog: Catalog
    client: CatalogClient
    store: ObjectStore | None

    def variable(self, name: str) -> str:
        """Return the full name of a variable for the catalog."""
        return f"{self.catalog.prefix}{name}"


def lakehouse(context: Context[Any], domain: str) -> Lakehouse | None:
    """Return a domain's lakehouse; None if there is no catalog."""
    catalog = context.optional(Catalog)
    return Lakehouse(catalog, catalog.client(domain), context.optional(ObjectStore)) if catalog else None
