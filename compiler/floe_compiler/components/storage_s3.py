"""S3, on AWS or elsewhere: a bucket outside the platform. Nothing is rendered for it."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from floe_compiler.kit.s3 import (
    Role,
    S3Bucket,
    SecretCredentialKeys,
    SecretCredentials,
    check_prefix,
)
from floe_compiler.model.accounts import together
from floe_compiler.model.capabilities import ObjectStore
from floe_compiler.model.data_access import ServedProduct, StoreClient, by_domain
from floe_compiler.model.facts import Parts
from floe_compiler.model.fields import Name
from floe_compiler.model.inputs import Input
from floe_compiler.model.joined_names import joined
from floe_compiler.model.plan import Component, Context, Instance
from floe_compiler.model.secrets import Secret, SecretKey


class ProductRole(Input):
    """Each product has an AWS role of its own."""

    type: Literal["identity"]
    """How products log in."""
    role: Role
    """The role's ARN, with `{domain}` and `{product}` (`arn:aws:iam::123456789012:role/data-{domain}-{product}`)."""

    @field_validator("role")
    @classmethod
    def _role_is_of_one_product(cls, role: str) -> str:
        if "{domain}" not in role or "{product}" not in role:
            raise ValueError(f'"{role}" would be the role of all products; write {{domain}} and {{product}} in it')
        return role


class ProductKeys(Input):
    """Each product has an access key of its own, from a secret."""

    type: Literal["secret"]
    """How products log in."""
    name: Name = "s3-warehouse"
    """The beginning of the secrets' names: `<name>-<domain>-<product>`."""
    keys: SecretCredentialKeys = SecretCredentialKeys()
    """The keys in the secrets."""


class S3Config(S3Bucket):
    """An existing bucket on AWS or in another S3-compatible store."""

    type: Literal["s3"] = "s3"
    """The kind of object storage."""
    prefix: Annotated[str, AfterValidator(check_prefix)] = ""
    """The warehouse's folder in the bucket. Default: the whole bucket."""
    catalog_role: Role | None = None
    """The AWS role that the catalog assumes to issue credentials for single tables. Default: it issues none."""
    products: Annotated[ProductRole | ProductKeys, Field(discriminator="type")] | None = None
    """How products log in that need the store itself. Default: as `credentials` says, to the whole bucket."""

    @model_validator(mode="after")
    def _product_roles_are_of_aws(self) -> Self:
        if self.endpoint and isinstance(self.products, ProductRole):
            raise ValueError("a store other than AWS has no IAM roles; use products of type secret")
        return self

    @model_validator(mode="after")
    def _catalog_role_is_of_aws(self) -> Self:
        if self.endpoint and self.catalog_role:
            raise ValueError("a store other than AWS has no IAM roles; leave catalog_role out")
        return self


def provides(instance: Instance[S3Config]) -> tuple[ObjectStore, ...]:
    """Return the store."""
    config, login = instance.config, instance.config.credentials
    keys = login.secret(instance.namespace) if isinstance(login, SecretCredentials) else None
    sts = config.identity("") if config.catalog_role else None
    names = login.keys if isinstance(login, SecretCredentials) else SecretCredentialKeys()
    return (
        ObjectStore(
            name="s3",
            endpoint=config.server(),
            kind="s3",
            bucket=config.bucket,
            warehouse="/".join(part for part in (f"s3://{config.bucket}", config.prefix) if part) + "/",
            region=config.region,
            url=config.endpoint or "",
            path_style=config.path_style if config.endpoint else False,
            access_key=keys.key(names.access_key) if keys else None,
            secret_key=keys.key(names.secret_key) if keys else None,
            identity=together((config.login(), sts)),
            role=config.catalog_role or "",
            issues_credentials=config.catalog_role is not None,
            clients=by_domain(instance.store_users, lambda product: _client(instance, product))
            if config.products
            else {},
        ),
    )


def _client(instance: Instance[S3Config], product: ServedProduct) -> StoreClient:
    config = instance.config
    match config.products:
        case ProductRole(role=role):
            own = role.replace("{domain}", product.domain).replace("{product}", product.name)
            return StoreClient(product.name, identity=config.identity(own))
        case ProductKeys(name=name, keys=keys):
            of_secret = (SecretKey(keys.access_key), SecretKey(keys.secret_key))
            secret = Secret(f"{name}-{joined(product.domain, product.name)}", instance.namespace, of_secret)
            return StoreClient(product.name, secret.key(keys.access_key), secret.key(keys.secret_key))
    raise ValueError("the store has no logins of products")


def build(_context: Context[S3Config]) -> Parts:
    """Return no parts, as the store is elsewhere."""
    return Parts()


COMPONENT = Component(
    slot="storage",
    type="s3",
    summary="A bucket at AWS, or in another S3-compatible store",
    config=S3Config,
    build=build,
    provides=provides,
    scope="platform",
)
