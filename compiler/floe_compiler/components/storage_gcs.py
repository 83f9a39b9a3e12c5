"""Google Cloud Storage: a bucket outside the platform. Nothing is rendered for it.

Sources: Google, "Request endpoints" of Cloud Storage, "Security Token Service API" and "Service Account Credentials
API"; apache/polaris 1.7.0, `GcpCredentialsStorageIntegration` (which servers it asks for a token of one table's files).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Literal

from msgspec.structs import replace
from pydantic import AfterValidator, Field, field_validator

from floe_compiler.kit.google import (
    SERVICE_ACCOUNT,
    TOKENS,
    BucketName,
    GoogleIdentity,
    GoogleKey,
    ServiceAccount,
    api,
    identity,
)
from floe_compiler.kit.s3 import check_prefix
from floe_compiler.model.addresses import ANYWHERE
from floe_compiler.model.capabilities import ObjectStore
from floe_compiler.model.data_access import ServedProduct, StoreClient, by_domain
from floe_compiler.model.facts import Parts
from floe_compiler.model.fields import Cidr, Name, SecretKeyName, matching
from floe_compiler.model.inputs import Input, Reached
from floe_compiler.model.joined_names import joined
from floe_compiler.model.plan import Component, Context, Instance, Refusal
from floe_compiler.model.secrets import Secret, SecretKey


class WarehouseKey(GoogleKey):
    """The shared services log in with the key of a Google service account, from a secret of the platform."""

    name: Name = "gcs-warehouse"
    """The secret's name."""


class ProductAccount(Input):
    """Each product logs in with its own ServiceAccount."""

    type: Literal["identity"]
    """How products log in."""
    service_account: (
        Annotated[
            str,
            matching(
                r"^[a-z][a-z0-9{}-]*@[a-z0-9.-]+\.iam\.gserviceaccount\.com$",
                "the mail address of a service account",
                "data-{domain}-{product}@acme-data.iam.gserviceaccount.com",
            ),
        ]
        | None
    ) = None
    """The Google service account that it acts as, with `{domain}` and `{product}`. Default: as itself."""

    @field_validator("service_account")
    @classmethod
    def _account_is_of_one_product(cls, account: str | None) -> str | None:
        if account and ("{domain}" not in account or "{product}" not in account):
            raise ValueError(f'"{account}" would be that of all products; write {{domain}} and {{product}} in it')
        return account


class ProductKeys(Input):
    """Each product has the key of a Google service account of its own, from a secret."""

    type: Literal["secret"]
    """How products log in."""
    name: Name = "gcs-warehouse"
    """The beginning of the secrets' names: `<name>-<domain>-<product>`."""
    key: SecretKeyName = "service-account.json"
    """The key in the secrets with the JSON file."""


class GcsConfig(Reached):
    """An existing bucket of Google Cloud Storage."""

    type: Literal["gcs"] = "gcs"
    """The kind of object storage."""
    bucket: BucketName
    """The bucket. Uniform access is enough; a hierarchical namespace is not needed."""
    prefix: Annotated[str, AfterValidator(check_prefix)] = ""
    """The warehouse's folder in the bucket. Default: the whole bucket."""
    credentials: Annotated[GoogleIdentity | WarehouseKey, Field(discriminator="type")]
    """How the shared services log in and, without `products`, the products."""
    catalog_service_account: ServiceAccount | None = None
    """The Google service account that the catalog acts as to issue credentials for single tables. Default: the one that
    it logs in as."""
    products: Annotated[ProductAccount | ProductKeys, Field(discriminator="type")] | None = None
    """How products log in that need the store itself. Default: as `credentials` says, to the whole bucket."""
    cidr: Cidr = ANYWHERE
    """The address range of Google's APIs, for network policies (`199.36.153.8/30` for private access)."""


def provides(instance: Instance[GcsConfig]) -> tuple[ObjectStore, ...]:
    """Return the store."""
    config, login = instance.config, instance.config.credentials
    impersonation = (api("iamcredentials", config.cidr),) if config.catalog_service_account else ()
    store = ObjectStore(
        name="gcs",
        endpoint=api("storage", config.cidr),
        kind="gcs",
        bucket=config.bucket,
        warehouse="/".join(part for part in (f"gs://{config.bucket}", config.prefix) if part) + "/",
        others=(replace(TOKENS, cidr=config.cidr),) if _has_keys(config) else (),
        issuers=(api("sts", config.cidr), *impersonation),
        role=config.catalog_service_account or "",
        issues_credentials=True,
        clients=by_domain(instance.store_users, lambda product: _client(instance, product)) if config.products else {},
    )
    if isinstance(login, GoogleIdentity):
        return (replace(store, identity=identity(login.service_account)),)
    # The project's administrators provide the key; it is never generated.
    secret = Secret(login.name, instance.namespace, (SecretKey(login.key),))
    return (replace(store, secret_key=secret.key(login.key)),)


def _has_keys(config: GcsConfig) -> bool:
    return isinstance(config.credentials, WarehouseKey) or isinstance(config.products, ProductKeys)


def _client(instance: Instance[GcsConfig], product: ServedProduct) -> StoreClient:
    match instance.config.products:
        case ProductAccount(service_account=account):
            return StoreClient(product.name, identity=identity(_own(account, product)))
        case ProductKeys(name=name, key=key):
            secret = Secret(f"{name}-{joined(product.domain, product.name)}", instance.namespace, (SecretKey(key),))
            return StoreClient(product.name, secret_key=secret.key(key))
    raise ValueError("the store has no logins of products")


def _own(account: str | None, product: ServedProduct) -> str | None:
    return account.replace("{domain}", product.domain).replace("{product}", product.name) if account else None


def refuses(context: Context[GcsConfig]) -> Iterator[Refusal]:
    """Refuse names of service accounts that Google does not allow, as those of products may be long."""
    products = context.config.products
    if not isinstance(products, ProductAccount):
        return
    for product in context.instance.store_users:
        account = _own(products.service_account, product)
        if account and not re.match(SERVICE_ACCOUNT, account):
            yield Refusal(
                f'would give the product {product.domain}/{product.name} the service account "{account}", but a name '
                "has 6 to 30 characters before the @",
                "write less around {domain} and {product}, or leave service_account out: each then acts as itself",
                ("products", "service_account"),
            )


def build(_context: Context[GcsConfig]) -> Parts:
    """Return no parts, as the store is elsewhere."""
    return Parts()


COMPONENT = Component(
    slot="storage",
    type="gcs",
    summary="A bucket of Google Cloud Storage",
    config=GcsConfig,
    build=build,
    provides=provides,
    refuses=refuses,
    scope="platform",
)
