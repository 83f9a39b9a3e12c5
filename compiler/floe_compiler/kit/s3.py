"""S3 buckets, on AWS or elsewhere: their settings, their endpoints, and how clients log in.

Sources: AWS, "Regional endpoints" (S3 and STS), "IAM roles for service accounts" (the annotation) and "EKS Pod
Identity" (no annotation; the address of the agent).
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from floe_compiler.model.accounts import AS_ITSELF, WorkloadIdentity
from floe_compiler.model.addresses import ANYWHERE
from floe_compiler.model.endpoint import Endpoint, Port, url_endpoint
from floe_compiler.model.fields import Cidr, Name, SecretKeyName, matching
from floe_compiler.model.hosts import check_url
from floe_compiler.model.inputs import Input, Reached
from floe_compiler.model.secret_roles import ROLE_ANNOTATION as ROLE_ANNOTATION  # re-exported
from floe_compiler.model.secrets import Secret, SecretKey

HTTPS = 443


POD_IDENTITY_AGENT = Endpoint("169.254.170.23", (Port("http", 80),), cidr="169.254.170.23/32")
"""The agent on each node that gives pods the credentials of their role; it has no name, only this address."""

POD_IDENTITY = WorkloadIdentity(((ROLE_ANNOTATION, AS_ITSELF),), endpoints=(POD_IDENTITY_AGENT,))


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


def of_aws(service: str, region: str, cidr: str = ANYWHERE) -> Endpoint:
    """Return the endpoint of a service of AWS in a region."""
    domain = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    return Endpoint(f"{service}.{region}.{domain}", (Port("https", HTTPS, scheme="https"),), cidr=cidr)


def role_identity(role: str, sts: Endpoint) -> WorkloadIdentity:
    """Return the identity of pods that act as a role; empty: as none, but they exchange other logins at STS."""
    return WorkloadIdentity(((ROLE_ANNOTATION, role),) if role else (), endpoints=(sts,))


class IdentityCredentials(Input):
    """Pods assume an AWS role with their ServiceAccount, so no key is stored."""

    type: Literal["identity"]
    """How clients log in."""
    role: Role
    """The role's ARN. The role must trust the ServiceAccounts of the cluster's OIDC provider."""


class PodIdentityCredentials(Input):
    """Pods get the AWS role that their ServiceAccount is associated with (EKS Pod Identity), so no key is stored."""

    type: Literal["pod-identity"]
    """How clients log in. The associations of ServiceAccounts with roles are made in AWS."""


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

    def secret(self, namespace: str) -> Secret:
        """Return the secret. The store's operators provide the values; they are never generated."""
        return Secret(self.name, namespace, (SecretKey(self.keys.access_key), SecretKey(self.keys.secret_key)))


class S3Bucket(Reached):
    """An existing bucket on AWS or in another S3-compatible store."""

    named_by = "endpoint"

    bucket: BucketName
    """The bucket."""
    prefix: Annotated[str, AfterValidator(check_prefix)] = ""
    """The folder in the bucket. Default: the whole bucket."""
    region: Region
    """The bucket's region."""
    endpoint: Annotated[str, AfterValidator(check_endpoint)] | None = None
    """The URL of a store other than AWS. Default: AWS."""
    path_style: bool = True
    """For a store other than AWS: whether the bucket is in the URL's path (most stores) or in the host name."""
    credentials: Annotated[
        IdentityCredentials | PodIdentityCredentials | SecretCredentials, Field(discriminator="type")
    ]
    """How clients log in."""
    cidr: Cidr = ANYWHERE
    """The store's address range, for network policies."""

    @model_validator(mode="after")
    def _roles_are_of_aws(self) -> Self:
        if self.endpoint and not isinstance(self.credentials, SecretCredentials):
            raise ValueError("a store other than AWS has no IAM roles; use credentials of type secret")
        return self

    def server(self) -> Endpoint:
        """Return the endpoint of the store."""
        return self.of_aws("s3") if self.endpoint is None else url_endpoint(self.endpoint, self.cidr)

    def of_aws(self, service: str) -> Endpoint:
        """Return the endpoint of a service of AWS in the bucket's region."""
        return of_aws(service, self.region, self.cidr)

    def login(self) -> WorkloadIdentity | None:
        """Return the identity that `credentials` say; None if they are keys."""
        match self.credentials:
            case IdentityCredentials(role=role):
                return self.identity(role)
            case PodIdentityCredentials():
                return POD_IDENTITY
        return None

    def identity(self, role: str) -> WorkloadIdentity:
        """Return the AWS identity of clients: STS exchanges a ServiceAccount's token, or a key, for a role's login."""
        return role_identity(role, self.of_aws("sts"))
