"""The AWS Glue Data Catalog, by its Iceberg REST endpoint. Nothing is rendered for it.

Requests are signed with the AWS credentials that a product's pods have for the storage, so a product may in Glue what
its role or key may: `storage.products` gives each its own.

Sources: AWS, "Connecting to the Data Catalog using AWS Glue Iceberg REST endpoint" (URL, warehouse, signature);
PyIceberg 0.12 `catalog/rest` (`rest.sigv4-enabled`); DuckDB, "Iceberg REST Catalogs" (`AUTHORIZATION_TYPE 'sigv4'`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from floe_compiler.kit.s3 import Region, of_aws
from floe_compiler.model.addresses import ANYWHERE
from floe_compiler.model.capabilities import Catalog, ObjectStore
from floe_compiler.model.catalog_clients import AwsSignature, CatalogClient
from floe_compiler.model.data_access import by_domain
from floe_compiler.model.facts import Parts
from floe_compiler.model.fields import Cidr, matching
from floe_compiler.model.inputs import Input
from floe_compiler.model.plan import Component, Context, Instance, Refusal, Requirement

SERVICE = "glue"


class GlueCatalogConfig(Input):
    """The AWS Glue Data Catalog of an account and a region."""

    type: Literal["glue"] = "glue"
    """The kind of catalog."""
    region: Region
    """The catalog's region."""
    account: Annotated[str, matching(r"^\d{12}$", "the number of an AWS account, in quotes", '"123456789012"')]
    """The AWS account with the catalog."""
    cidr: Cidr = ANYWHERE
    """The address range of Glue in the region, for network policies."""


def provides(instance: Instance[GlueCatalogConfig]) -> tuple[Catalog, ...]:
    """Return the catalog. It has no credentials: products use those that they have for the storage."""
    config = instance.config
    endpoint = of_aws(SERVICE, config.region, config.cidr)
    login = AwsSignature(SERVICE, config.region)
    return (
        Catalog(
            name="glue",
            endpoint=endpoint,
            uri=f"https://{endpoint.host}/iceberg",
            warehouse=config.account,
            clients=by_domain(instance.served, lambda product: CatalogClient(product.name, login)),
        ),
    )


def requires(_instance: Instance[GlueCatalogConfig]) -> tuple[Requirement, ...]:
    """Return the requirement: the storage, with whose credentials requests are signed."""
    return (Requirement(ObjectStore),)


def refuses(context: Context[GlueCatalogConfig]) -> Iterator[Refusal]:
    """Refuse a storage that is not at AWS, as Glue does not accept its credentials."""
    store = context.required(ObjectStore)
    if store.kind != "s3" or store.url:
        message = "signs its requests with the AWS credentials of the storage, which is not at AWS"
        yield Refusal(message, "use storage of type s3 without an endpoint, or another catalog", ("type",))


def build(_context: Context[GlueCatalogConfig]) -> Parts:
    """Return no parts, as the catalog runs elsewhere."""
    return Parts()


COMPONENT = Component(
    slot="catalog",
    type="glue",
    summary="The AWS Glue Data Catalog",
    config=GlueCatalogConfig,
    build=build,
    provides=provides,
    requires=requires,
    refuses=refuses,
    scope="platform",
)
