"""S3, at AWS or elsewhere: a bucket outside the platform. Nothing is rendered for it.

Sources: AWS, "Regional endpoints" (S3 and STS) and "IAM roles for service accounts" (the annotation).
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from floe_compiler.model.accounts import WorkloadIdentity
from floe_compiler.model.capabilities import ObjectStore
from floe_compiler.model.endpoint import Endpoint, Port, url_endpoint
from floe_compiler.model.facts import Parts
from floe_compiler.model.fields import Cidr, Name, SecretKeyName, matching
from floe_compiler.model.hosts import check_url
from floe_compiler.model.inputs import Input
from floe_compiler.model.plan import Component, Context, Instance
from floe_compiler.model.secrets import Secret, SecretKey

ROLE_ANNOTATION = "eks.amazonaws.com/role-arn"
HTTPS = 443


def check_endpoint(text: str) -> str:
    """Accept the URL of a store, without a path."""
    return check_url(text, "https://storage.example.com:9000")


def check_prefix(text: str) -> str:
    """Accept a folder in a bucket, and return it without slashes at its ends."""
    if "//" in text or any(not (char.isalnum() or char in "-_./") for char in text):
        raise ValueError(f'"{text}" is not a folder in a bucket; write, for example, lake/warehouse')
    return text.strip("/")


Role = Annotated[
    str,
    matching(
        r"^arn:aws[a-z-]*:iam::\d{12}:role/\S+$", "the ARN of an IAM role", "arn:aws:iam::123456789012:role/warehouse"
    ),
]
BucketName = Annotated[
    str,
    matching(
        r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", '3 to 63 lower-case letters, digits, "." and "-"', "acme-warehouse"
    ),
]
Region = Annotated[str, matching(r"^[a-z0-9-]+$", "the name of a region", "eu-central-1")]


class IdentityCredentials(Input):
    """Pods act as an AWS role, by their ServiceAccount: no key is stored anywhere."""

    type: Literal["identity"]
    """The way clients log in."""
    role: Role
    """The role's ARN; the cluster's OIDC provider must trust the ServiceAccounts."""


class SecretCredentialKeys(Input):
    """The keys of the secret."""

    access_key: SecretKeyName = "access-key"
    """The key with the access key's id."""
    secret_key: SecretKeyName = "secret-key"  # noqa: S105 - the name of a key
    """The key with the access key's secret."""


class SecretCredentials(Input):
    """Clients log in with an access key from a secret."""

    type: Literal["secret"]
    """The way clients log in."""
    name: Name = "s3-warehouse"
    """The secret's name."""
    keys: SecretCredentialKeys = SecretCredentialKeys()
    """Which keys hold what."""


class S3Config(Input):
    """An existing bucket, at AWS or in any other S3-compatible store."""

    type: Literal["s3"] = "s3"
    """The kind of object storage."""
    bucket: BucketName
    """The bucket."""
    prefix: Annotated[str, AfterValidator(check_prefix)] = ""
    """The folder in it under which the warehouse lies; default: the bucket itself."""
    region: Region
    """The bucket's region."""
    endpoint: Annotated[str, AfterValidator(check_endpoint)] | None = None
    """The URL of a store other than AWS; none: AWS."""
    path_style: bool = True
    """Whether a store other than AWS has its buckets in the URL's path, as most have."""
    credentials: Annotated[IdentityCredentials | SecretCredentials, Field(discriminator="type")]
    """How clients log in."""
    catalog_role: Role | None = None
    """The role that the catalog assumes at AWS to hand out credentials for single tables; none: it hands out none."""
    cidr: Cidr = "0.0.0.0/0"
    """The addresses the store may have, for the network policies."""

    @model_validator(mode="after")
    def _roles_are_of_aws(self) -> Self:
        if self.endpoint and isinstance(self.credentials, IdentityCredentials):
            raise ValueError("a store other than AWS has no IAM roles; use credentials of type secret")
        if self.endpoint and self.catalog_role:
            raise ValueError("a store other than AWS has no IAM roles; leave catalog_role out")
        return self


def endpoint(config: S3Config) -> Endpoint:
    """Return the store's server."""
    if config.endpoint is None:
        return _aws("s3", config)
    return url_endpoint(config.endpoint, config.cidr)


def _aws(service: str, config: S3Config) -> Endpoint:
    domain = "amazonaws.com.cn" if config.region.startswith("cn-") else "amazonaws.com"
    return Endpoint(f"{service}.{config.region}.{domain}", (Port("https", HTTPS, scheme="https"),), cidr=config.cidr)


def provides(instance: Instance[S3Config]) -> tuple[ObjectStore, ...]:
    """Return the store."""
    config, login = instance.config, instance.config.credentials
    keys = _secret(login, instance.namespace) if isinstance(login, SecretCredentials) else None
    role = login.role if isinstance(login, IdentityCredentials) else ""
    names = login.keys if isinstance(login, SecretCredentials) else SecretCredentialKeys()
    return (
        ObjectStore(
            name="s3",
            endpoint=endpoint(config),
            kind="s3",
            bucket=config.bucket,
            warehouse="/".join(part for part in (f"s3://{config.bucket}", config.prefix) if part) + "/",
            region=config.region,
            url=config.endpoint or "",
            path_style=config.path_style if config.endpoint else False,
            access_key=keys.key(names.access_key) if keys else None,
            secret_key=keys.key(names.secret_key) if keys else None,
            identity=_identity(config, role) if role or config.catalog_role else None,
            role=config.catalog_role or "",
        ),
    )


def _identity(config: S3Config, role: str) -> WorkloadIdentity:
    """Return who clients are at AWS: a token of the ServiceAccount, or a key, becomes a role's credentials at STS."""
    return WorkloadIdentity(((ROLE_ANNOTATION, role),) if role else (), endpoints=(_aws("sts", config),))


def _secret(login: SecretCredentials, namespace: str) -> Secret:
    """Return the access key's secret; its values come from the store's operators and are never generated."""
    return Secret(login.name, namespace, (SecretKey(login.keys.access_key), SecretKey(login.keys.secret_key)))


def build(_context: Context[S3Config]) -> Parts:
    """Return nothing: the store is elsewhere."""
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
