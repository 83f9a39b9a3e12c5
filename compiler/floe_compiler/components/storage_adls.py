"""Azure Data Lake Storage: a container of a storage account outside the platform. Nothing is rendered for it.

Sources: Azure, "Storage account endpoints" and "Create a user delegation SAS"; apache/polaris 1.7.0,
`AzureCredentialsStorageIntegration`: it signs tokens with a key that it asks the account for, as the identity or the
application that it logs in as. So a key of the account is of no use. A token is for one folder only if the account has
a hierarchical namespace; otherwise, it would be for the whole container.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from msgspec.structs import replace
from pydantic import AfterValidator, Field

from floe_compiler.kit.azure import (
    TOKENS,
    AccountName,
    AzureIdentity,
    AzureSecret,
    ContainerName,
    Guid,
    credentials,
    storage,
    workload_identity,
)
from floe_compiler.kit.s3 import check_prefix
from floe_compiler.model.addresses import ANYWHERE
from floe_compiler.model.capabilities import ObjectStore
from floe_compiler.model.data_access import SEMANTIC_LAYER, ServedProduct, StoreClient, by_domain
from floe_compiler.model.facts import Parts
from floe_compiler.model.fields import Cidr, Name, SecretKeyName, matching
from floe_compiler.model.inputs import Input, Reached
from floe_compiler.model.joined_names import joined
from floe_compiler.model.plan import Component, Context, Instance, Refusal
from floe_compiler.model.secrets import Secret, SecretKey

ProductKey = Annotated[str, matching(r"^[a-z0-9-]+/[a-z0-9-]+$", "<domain>/<product>", "sales/customer-360")]


class WarehouseSecret(AzureSecret):
    """The shared services log in as an application with a client secret, from a secret of the platform."""

    client_id: Guid
    """The client ID of the application."""
    name: Name = "adls-warehouse"
    """The secret's name."""
    key: SecretKeyName = "client-secret"
    """The secret's key with the client secret."""


class ProductLogins(Input):
    """Each product has a login of its own."""

    client_ids: Mapping[ProductKey, Guid]
    """The client ID of each product, by `<domain>/<product>`."""


class ProductIdentities(ProductLogins):
    """Each product acts as a managed identity or an application of its own."""

    type: Literal["identity"]
    """How products log in."""


class ProductSecrets(ProductLogins):
    """Each product logs in as an application of its own, with a client secret from a secret."""

    type: Literal["secret"]
    """How products log in."""
    name: Name = "adls-warehouse"
    """The beginning of the secrets' names: `<name>-<domain>-<product>`."""
    key: SecretKeyName = "client-secret"
    """The key in the secrets with the client secret."""


class AdlsConfig(Reached):
    """An existing container of an Azure storage account with a hierarchical namespace."""

    type: Literal["adls"] = "adls"
    """The kind of object storage."""
    account: AccountName
    """The storage account."""
    container: ContainerName
    """The container in it."""
    prefix: Annotated[str, AfterValidator(check_prefix)] = ""
    """The warehouse's folder in the container. Default: the whole container."""
    tenant_id: Guid
    """The directory tenant of the storage account."""
    credentials: Annotated[AzureIdentity | WarehouseSecret, Field(discriminator="type")]
    """How the shared services log in and, without `products`, the products."""
    products: Annotated[ProductIdentities | ProductSecrets, Field(discriminator="type")] | None = None
    """How products log in that need the store itself. Default: as `credentials` says, to the whole container."""
    cidr: Cidr = ANYWHERE
    """The account's address range, for network policies, such as that of a private endpoint."""


def provides(instance: Instance[AdlsConfig]) -> tuple[ObjectStore, ...]:
    """Return the store."""
    config, login = instance.config, instance.config.credentials
    identity, key = credentials(login, instance.namespace)
    base = f"abfss://{config.container}@{config.account}.dfs.core.windows.net"
    secrets = isinstance(login, WarehouseSecret) or isinstance(config.products, ProductSecrets)
    return (
        ObjectStore(
            name="adls",
            endpoint=replace(storage(config.account, "dfs"), cidr=config.cidr),
            kind="adls",
            bucket=config.container,
            warehouse="/".join(part for part in (base, config.prefix) if part) + "/",
            account=config.account,
            secret_key=key,
            identity=identity,
            client_id=login.client_id if isinstance(login, WarehouseSecret) else "",
            tenant=config.tenant_id,
            # Clients read files from the Blob endpoint; folders are at the other.
            others=(replace(storage(config.account, "blob"), cidr=config.cidr), *((TOKENS,) if secrets else ())),
            issues_credentials=True,
            clients=by_domain(_known(instance), lambda product: _client(instance, product)) if config.products else {},
        ),
    )


def _known(instance: Instance[AdlsConfig]) -> Iterator[ServedProduct]:
    """Yield the products with a login of their own. Semantic layers need none, as they only ask the catalog."""
    ids = instance.config.products.client_ids if instance.config.products else {}
    return (product for product in instance.store_users if _key(product) in ids)


def _key(product: ServedProduct) -> str:
    return f"{product.domain}/{product.name}"


def _client(instance: Instance[AdlsConfig], product: ServedProduct) -> StoreClient:
    config = instance.config
    match config.products:
        case ProductIdentities(client_ids=ids):
            own = workload_identity(ids[_key(product)], config.tenant_id)
            return StoreClient(product.name, identity=own)
        case ProductSecrets(client_ids=ids, name=name, key=key):
            secret = Secret(f"{name}-{joined(product.domain, product.name)}", instance.namespace, (SecretKey(key),))
            return StoreClient(product.name, secret_key=secret.key(key), client_id=ids[_key(product)])
    raise ValueError("the store has no logins of products")


def refuses(context: Context[AdlsConfig]) -> Iterator[Refusal]:
    """Refuse logins of products that leave one out, which would get that of the whole container."""
    if context.config.products is None:
        return
    named = context.config.products.client_ids
    products = {_key(product) for product in context.instance.store_users if product.name != SEMANTIC_LAYER}
    if missing := sorted(products - named.keys()):
        yield Refusal(
            f"has logins of products, but none of {', '.join(missing)}",
            "add the client ID of each, or leave products out: all then share the login of the store",
            ("products", "client_ids"),
        )


def build(_context: Context[AdlsConfig]) -> Parts:
    """Return no parts, as the store is elsewhere."""
    return Parts()


COMPONENT = Component(
    slot="storage",
    type="adls",
    summary="A container of Azure Data Lake Storage",
    config=AdlsConfig,
    build=build,
    provides=provides,
    refuses=refuses,
    scope="platform",
)
