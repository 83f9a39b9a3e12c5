"""The address of the catalog, and the clients of data products."""

from __future__ import annotations

from floe_compiler.components.catalog_polaris import management
from floe_compiler.components.catalog_polaris.ports import api_port
from floe_compiler.components.catalog_polaris.settings import PolarisConfig
from floe_compiler.model.catalog_clients import CatalogClient, OAuth2Credentials
from floe_compiler.model.data_access import ServedProduct
from floe_compiler.model.endpoint import Endpoint, service_endpoint
from floe_compiler.model.joined_names import joined
from floe_compiler.model.plan import Instance
from floe_compiler.model.secrets import Secret, SecretKey

NAME = "polaris"
ALL_ROLES = "PRINCIPAL_ROLE:ALL"
"""The OAuth2 scope for all roles of a client."""


def endpoint(instance: Instance[PolarisConfig]) -> Endpoint:
    """Return the catalog's endpoint."""
    port = api_port(instance.settings)
    return service_endpoint(NAME, instance.namespace, instance.settings.cluster.domain, (port,))


def client_secret(instance: Instance[PolarisConfig], domain: str, product: str) -> Secret:
    """Return a product's credentials."""
    client_id = SecretKey("client-id", literal=management.client_name(domain, product))
    keys = (client_id, SecretKey("client-secret", generated=32))
    return Secret(f"{NAME}-client-{joined(domain, product)}", instance.namespace, keys)


def client(instance: Instance[PolarisConfig], product: ServedProduct) -> CatalogClient:
    """Return a product's client of the catalog."""
    secret = client_secret(instance, product.domain, product.name)
    token_url = endpoint(instance).url(path="/api/catalog/v1/oauth/tokens")
    credentials = OAuth2Credentials(secret.key("client-id"), secret.key("client-secret"), token_url, ALL_ROLES)
    return CatalogClient(product.name, credentials)
