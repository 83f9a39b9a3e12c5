"""S3, on AWS or elsewhere: a bucket outside the platform. Nothing is rendered for it.

Sources: AWS, "Regional endpoints" (S3 and STS) and "IAM roles for service accounts" (the annotation).
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from floe_compiler.model.accounts import WorkloadIdentity
from floe_compiler.model.addresses import ANYWHERE
from floe_compiler.model.capabilities import ObjectStore
from floe_compiler.model.endpoint import Endpoint, Port, url_endpoint
from floe_compiler.model.facts import Parts
from floe_compiler.model.fields import Cidr, Name, SecretKeyName, matching
from floe_compiler.model.hosts import check_url
from floe_compiler.model.inputs import Input, Reached
from floe_compiler.model.plan import Component, Context, Instance
from floe_compiler.model.secrets import Secret, SecretKey

ROLE_ANNOTATION = "eks.amazonaws.com/role-arn"
HTTPS = 443


def check_endpoint(text: str) -> str:
    """Accept the URL of an object store, without a path."""
    return check_url(text, "https://storage.example.com:9000")


def check_prefix(text: str) -> str:
    """Accept a folder in a bucket, and return it without slashes at both ends."""
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
    """Pods assume an AWS role with their ServiceAccount, so no key is stored."""

    type: Literal["identity"]
    """How clients log in."""
    role: Role
    """The role's ARN. The role must trust the ServiceAccounts of the cluster's OIDC provider."""


class SecretCredentialKeys(Input):
    """The keys in the secret."""

    access_key: SecretKeyName = "access-key"
    """The key with the access key ID."""
    secret_key: SecretKeyName = "secret-key"  # noqa: S105 - the name of a key
    """The key with the secret access key."""


class SecretCredentials(Input):
    """Clients log in with an access key from a secret."""

    type: Literal["secret"]
    """How clients log in."""
    name: Name = "s3-warehouse"
    """The secret's name."""
    keys: SecretCredentialKeys = SecretCredentialKeys()
    """The keys in the secret."""


class S3Config(Reached):
    """An existing bucket on AWS or in another S3-compatible store."""

    named_by = "endpoint"

    type: Literal["s3"] = "s3"
    """The kind of object storage."""
    bucket: BucketName
    """The bucket."""
    prefix: Annotated[str, AfterValidator(check_prefix)] = ""
    """The warehouse's folder in the bucket. Default: the whole bucket."""
    region: Region
    """The bucket's region."""
    endpoint: Annotated[str, AfterValidator(check_endpoint)] | None = None
    """The URL of a store other than AWS. Default: AWS."""
    path_style: bool = True
    """For a store other than AWS: whether the bucket is in the URL's path (most stores) or in the host name."""
    credentials: Annotated[IdentityCredentials | SecretCredentials, Field(discriminator="type")]
    """How clients log in."""
    catalog_role: Role | None = None
    """The AWS role that the catalog assumes to issue credentials for single tables. Default: it issues none."""
    cidr: Cidr = ANYWHERE
    """The store's address range, for network policies."""

    @model_validator(mode="after")
    def _roles_are_of_aws(self) -> Self:
        if self.endpoint and isinstance(self.credentials, IdentityCredentials):
            raise ValueError("a store other than AWS has no IAM roles; use credentials of type secret")
        if self.endpoint and self.catalog_role:
            raise ValueError("a store other than AWS has no IAM roles; leave catalog_role out")
        return self


def endpoint(config: S3Config) -> Endpoint:
    """Return the endpoint of the store."""
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
    """Return the AWS identity of clients: STS exchanges a ServiceAccount's token or a key for a role's credentials."""
    return WorkloadIdentity(((ROLE_ANNOTATION, role),) if role else (), endpoints=(_aws("sts", config),))


def _secret(login: SecretCredentials, namespace: str) -> Secret:
    """Return the secret with the access key. The store's operators provide the values; they are never generated."""
    return Secret(login.name, namespace, (SecretKey(login.keys.access_key), SecretKey(login.keys.secret_key)))


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
