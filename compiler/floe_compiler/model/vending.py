"""Who gets temporary credentials for the files of a table from the catalog, and so needs no login to the store."""

from __future__ import annotations

from floe_compiler.model.capabilities import Catalog, ObjectStore


def is_vended(catalog: Catalog | None, store: ObjectStore | None) -> bool:
    """Return whether clients of the catalog get temporary credentials for the files of a table from it."""
    if catalog is None or catalog.vends_credentials == "never":
        return False
    return catalog.vends_credentials == "always" or (store is not None and store.issues_credentials)
