"""The desired state of a Polaris catalog: its storage, and a client with its own privileges for each data product."""

from __future__ import annotations

from collections.abc import Iterable

from floe_compiler.model.capabilities import ObjectStore
from floe_compiler.model.data_access import ServedProduct
from floe_compiler.model.joined_names import joined

# Privileges include weaker ones (`PolarisAuthorizerImpl`): who may create namespaces may list them, and who may read a
# table's data may load the table and list its name.
PRIVILEGES = {
    "writes": "CATALOG_MANAGE_CONTENT",
    "reads": "TABLE_READ_DATA",
    "lists": "NAMESPACE_LIST",
    # dlt tries to create its namespace in each run and continues if it exists. But Polaris refuses the request if the
    # client may not create namespaces (seen with Polaris 1.4.1 and dlt 1.31). A namespace that a product creates
    # elsewhere stays empty, as the product may not create tables there.
    "creates": "NAMESPACE_CREATE",
}

STORAGE_TYPES = {"s3": "S3", "gcs": "GCS", "adls": "AZURE"}
"""Polaris' names for the kinds of object store."""

Fields = dict[str, object]


def client_name(domain: str, product: str) -> str:
    """Return a product's name as principal, client ID and role. Its prefix tells it from what others create."""
    return f"product-{joined(domain, product)}"


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
        # Without it, the token for one table would be for the whole container.
        return common | {"tenantId": store.tenant, "hierarchical": True}
    # Where the store has no STS, Polaris cannot issue credentials: clients use their own credentials for the store.
    # One that does, and is not AWS, needs no role (`AwsCredentialsStorageIntegration`).
    role: Fields = {"roleArn": store.role} if store.role else {}
    lending = role if store.issues_credentials else {"stsUnavailable": True}
    return common | {"region": store.region} | lending | _other_than_aws(store)


def _other_than_aws(store: ObjectStore) -> Fields:
    if not store.url:
        return {}
    return {"endpoint": store.url, "endpointInternal": store.url, "pathStyleAccess": store.path_style}


def clients(products: Iterable[ServedProduct], secrets: str) -> list[Fields]:
    """Return the products' clients; the secret of each is in a file of its name in the folder `secrets`."""
    return [_client(product, client_name(product.domain, product.name), secrets) for product in products]


def _client(product: ServedProduct, name: str, secrets: str) -> Fields:
    return {
        "name": name,
        "client_id": name,
        "secret_file": f"{secrets}/{name}",
        "namespaces": "creates" if product.writes_files else "lists",
        "writes": None if product.only_reads else product.namespace,
        "reads": [table.identifier for table in product.reads],
    }
