"""The desired state of a Polaris catalog: its storage, and a client with its own privileges for each domain."""

from __future__ import annotations

from collections.abc import Iterable

from floe_compiler.model.capabilities import ObjectStore
from floe_compiler.model.joined_names import identifier

# A domain reads everything, and writes only below its own namespace. Privileges include weaker ones
# (`PolarisAuthorizerImpl`): reading data includes listing tables and reading their properties.
READ = ("CATALOG_READ_PROPERTIES", "NAMESPACE_READ_PROPERTIES", "TABLE_READ_DATA", "VIEW_READ_PROPERTIES")
# dlt tries to create its namespace in each run and continues if it exists. But Polaris refuses the request if the
# client may not create namespaces (seen with Polaris 1.4.1 and dlt 1.31). A namespace that a domain creates elsewhere
# stays empty, as the domain may not create tables there.
CREATE = "NAMESPACE_CREATE"
WRITE = "CATALOG_MANAGE_CONTENT"

STORAGE_TYPES = {"s3": "S3", "gcs": "GCS", "adls": "AZURE"}
"""Polaris' names for the kinds of object store."""

Fields = dict[str, object]


def principal(domain: str) -> str:
    """Return a domain's name as principal, client ID and role. Its prefix keeps it different from `root`."""
    return f"domain-{domain}"


def catalog(name: str, store: ObjectStore) -> Fields:
    """Return the catalog, in the format of the management API."""
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
    # Without a role, Polaris cannot issue credentials: clients use their own credentials for the store.
    lending: Fields = {"roleArn": store.role} if store.role else {"stsUnavailable": True}
    return common | {"region": store.region} | lending | _other_than_aws(store)


def _other_than_aws(store: ObjectStore) -> Fields:
    if not store.url:
        return {}
    return {"endpoint": store.url, "endpointInternal": store.url, "pathStyleAccess": store.path_style}


def clients(domains: Iterable[str], secrets: str) -> list[Fields]:
    """Return the domains' clients; the secret of each is in the file `secrets`/<domain>."""
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
    """Return a domain's grants, in the format of the management API."""
    own_namespace: Fields = {"type": "namespace", "namespace": [identifier(domain)], "privilege": WRITE}
    return [own_namespace, *(dict[str, object](type="catalog", privilege=privilege) for privilege in (*READ, CREATE))]
