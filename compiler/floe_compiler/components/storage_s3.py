"""S3, on AWS or elsewhere: a bucket outside the platform. Nothing is rendered for it."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, model_validator

from floe_compiler.kit.s3 import (
    IdentityCredentials,
    Role,
    S3Bucket,
    SecretCredentialKeys,
    SecretCredentials,
    check_prefix,
)
from floe_compiler.model.capabilities import ObjectStore
from floe_compiler.model.facts import Parts
from floe_compiler.model.plan import Component, Context, Instance


class S3Config(S3Bucket):
    """An existing bucket on AWS or in another S3-compatible store."""

    type: Literal["s3"] = "s3"
    """The kind of object storage."""
    prefix: Annotated[str, AfterValidator(check_prefix)] = ""
    """The warehouse's folder in the bucket. Default: the whole bucket."""
    catalog_role: Role | None = None
    """The AWS role that the catalog assumes to issue credentials for single tables. Default: it issues none."""

    @model_validator(mode="after")
    def _catalog_role_is_of_aws(self) -> Self:
        if self.endpoint and self.catalog_role:
            raise ValueError("a store other than AWS has no IAM roles; leave catalog_role out")
        return self


def provides(instance: Instance[S3Config]) -> tuple[ObjectStore, ...]:
    """Return the store."""
    config, login = instance.config, instance.config.credentials
    keys = login.secret(instance.namespace) if isinstance(login, SecretCredentials) else None
    role = login.role if isinstance(login, IdentityCredentials) else ""
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
            identity=config.identity(role) if role or config.catalog_role else None,
            role=config.catalog_role or "",
        ),
    )


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
