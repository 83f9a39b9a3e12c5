"""What a Polaris catalog is brought to: its storage, and the domains as clients with rights of their own."""

from __future__ import annotations

from collections.abc import Iterable

from floe_compiler.kit.identifiers import identifier
from floe_compiler.model.capabilities import ObjectStore

# A domain reads everything, and writes below its own namespace only. Each privilege contains weaker ones
# (`PolarisAuthorizerImpl`): reading data contains listing tables and reading their properties.
READ = ("CATALOG_READ_PROPERTIES", "NAMESPACE_READ_PROPERTIES", "TABLE_READ_DATA", "VIEW_READ_PROPERTIES")
# dlt creates its namespace at each run and goes on if it is there already; but Polaris refuses the question itself to
# who may create none (seen with Polaris 1.4.1 and dlt 1.31). A namespace that a domain makes elsewhere stays empty: it
# has no right to tables there.
CREATE = "NAMESPACE_CREATE"
WRITE = "CATALOG_MANAGE_CONTENT"

STORAGE_TYPES = {"s3": "S3", "gcs": "GCS", "adls": "AZURE"}
"""The kinds of object store in Polaris' words."""

Fields = dict[str, object]


def principal(domain: str) -> str:
    """Return what a domain is called in the catalog: as principal, client id and role. No domain can be `root` so."""
    return f"domain-{domain}"


def catalog(name: str, store: ObjectStore) -> Fields:
    """Return the catalog, in the words of the management API."""
    return {
        "type": "INTERNAL",
        "name": name,
        "properties": {"default-base-location": store.warehouse},
        "storageConfigInfo": storage_configuration(store),
    }


def storage_configuration(store: ObjectStore) -> Fields:
    """Return the catalog's `storageConfigInfo`."""
    common: Fields = {"storageType": STORAGE_TYPES[store.kind], "allowedLocations": [store.warehouse]}
    if store.kind == "gcs":
        return common | ({"gcsServiceAccount": store.role} if store.role else {})
    if store.kind == "adls":
        return common | {"tenantId": store.tenant}
    # Without a role nothing can be vended: clients use the credentials for the store that they have themselves.
    lending: Fields = {"roleArn": store.role} if store.role else {"stsUnavailable": True}
    return common | {"region": store.region} | lending | _other_than_aws(store)


def _other_than_aws(store: ObjectStore) -> Fields:
    if not store.url:
        return {}
    return {"endpoint": store.url, "endpointInternal": store.url, "pathStyleAccess": store.path_style}


def clients(domains: Iterable[str], secrets: str) -> list[Fields]:
    """Return the domains as clients, each with its secret in a file of its name in the folder `secrets`."""
    return [
        {
            "name": principal(domain),
            "client_id": principal(domain),
            "secret_file": f"{secrets}/{domain}",
            "namespace": identifier(domain),
            "grants": grants(domain),
        }
        for domain in domains
    ]


def grants(domain: str) -> list[Fields]:
    """Return a domain's rights, in the words of the management API."""
    own: Fields = {"type": "namespace", "namespace": [identifier(domain)], "privilege": WRITE}
    return [own, *(dict[str, object](type="catalog", privilege=privilege) for privilege in (*READ, CREATE))]
