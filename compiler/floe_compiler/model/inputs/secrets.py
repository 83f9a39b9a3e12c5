"""`secrets` and `secret_rules` of the platform: who creates the Secrets that pods read. Never a value."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from floe_compiler.model.fields import Duration, Name, ObjectName, matching
from floe_compiler.model.hosts import check_url
from floe_compiler.model.inputs.common import Input


def check_vault_url(text: str) -> str:
    """Accept the URL of a Vault server."""
    return check_url(text, "https://vault.acme.example:8200")


class StoreReference(Input):
    """A SecretStore of the External Secrets Operator."""

    kind: Literal["ClusterSecretStore", "SecretStore"] = "ClusterSecretStore"
    """Whether the store is for the whole cluster or for one namespace."""
    name: ObjectName
    """The store's name."""


class ExternalSecrets(Input):
    """The External Secrets Operator reads secrets from a store (Vault, AWS Secrets Manager ...)."""

    type: Literal["external-secrets"]
    """How secrets get into the cluster."""
    store: StoreReference
    """The store that has the secrets."""
    refresh_interval: Duration = "1h"
    """How often new values are read from the store."""


class GeneratedSecrets(Input):
    """The External Secrets Operator generates secrets in the cluster: for clusters without a vault."""

    type: Literal["generated"]
    """How secrets get into the cluster. Not allowed in production."""


class ExistingSecrets(Input):
    """Somebody else creates the Secrets, in each namespace that reads them."""

    type: Literal["existing"]
    """How secrets get into the cluster."""


class SopsSecrets(Input):
    """Files that SOPS has encrypted, of the platform team or of a domain. They are delivered as they are."""

    type: Literal["sops"]
    """How secrets get into the cluster: Flux decrypts a Secret; with Argo CD, an operator decrypts a SopsSecret."""


class SealedSecrets(Input):
    """SealedSecrets of the platform team or of a domain, which the Sealed Secrets controller decrypts."""

    type: Literal["sealed-secrets"]
    """How secrets get into the cluster."""


class VaultProvider(Input):
    """HashiCorp Vault. A secret is an entry of a key/value engine, with a property for each key."""

    type: Literal["vault"]
    """The provider of the driver."""
    address: Annotated[str, AfterValidator(check_vault_url)]
    """The URL of the server, as the provider's pods reach it."""
    role: Annotated[str, Field(min_length=1)]
    """The role of Vault's Kubernetes login that the accounts of all pods may use."""
    path: Annotated[str, matching(r"^[\w.-]+(/[\w.-]+)*$", "a path without a slash at its ends", "secret/data")] = (
        "secret/data"
    )
    """The path before those of secrets: the engine, with `/data` for version 2."""


class AwsProvider(Input):
    """AWS Secrets Manager. A secret is one there, with a JSON object that has a field for each key."""

    type: Literal["aws"]
    """The provider of the driver."""
    region: Annotated[str, matching(r"^[a-z]{2}(-[a-z]+)+-\d$", "a region", "eu-central-1")] | None = None
    """The region. Default: that of the node."""
    identity: Literal["pod-identity", "service-account"] = "pod-identity"
    """EKS Pod Identity, or a role in an annotation of the ServiceAccount (IRSA)."""
    role: (
        Annotated[
            str,
            matching(
                r"^arn:aws[a-z-]*:iam::\d{12}:role/\S+$",
                "the ARN of an IAM role",
                "arn:aws:iam::123456789012:role/secrets-{scope}",
            ),
        ]
        | None
    ) = None
    """With the identity `service-account`: the role of pods that act as no other one; `{scope}` as in names of
    namespaces. Default: a patch adds it."""

    @model_validator(mode="after")
    def _role_is_of_accounts(self) -> Self:
        if self.role and self.identity != "service-account":
            raise ValueError(f"an association in AWS says the role of {self.identity}; write identity: service-account")
        return self


class AzureProvider(Input):
    """Azure Key Vault. Each key of a secret is a secret there."""

    type: Literal["azure"]
    """The provider of the driver."""
    vault: Annotated[str, matching(r"^[A-Za-z][0-9A-Za-z-]{1,22}[0-9A-Za-z]$", "the name of a Key Vault", "acme-data")]
    """The name of the Key Vault."""
    tenant: Annotated[str, Field(min_length=1)]
    """The id of its tenant."""
    client: Annotated[str, Field(min_length=1)]
    """The client id of the managed identity that the accounts of pods use (workload identity)."""


class GcpProvider(Input):
    """Google Secret Manager. A secret is one there, with a JSON object that has a field for each key."""

    type: Literal["gcp"]
    """The provider of the driver."""
    project: Annotated[str, matching(r"^[a-z][-a-z0-9]{4,28}[a-z0-9]$", "the id of a project", "acme-data")]
    """The project's id."""


class CsiSecrets(Input):
    """The Secrets Store CSI driver mounts secrets into pods, and copies those that variables need into Secrets."""

    type: Literal["csi"]
    """How secrets get into the cluster. Variables need a driver with `syncSecret.enabled`."""
    provider: Annotated[VaultProvider | AwsProvider | AzureProvider | GcpProvider, Field(discriminator="type")]
    """Where the values are kept."""


SecretsBackend = Annotated[
    ExternalSecrets | GeneratedSecrets | ExistingSecrets | SopsSecrets | SealedSecrets | CsiSecrets,
    Field(discriminator="type"),
]
NamePattern = Annotated[str, matching(r"^[a-z0-9*]([-a-z0-9.*]*[a-z0-9*])?$", "the name of a secret, or a *", "crm-*")]


class SecretRule(Input):
    """Secrets that get into the cluster in another way."""

    names: Annotated[tuple[NamePattern, ...], Field(min_length=1, strict=False)] = ("*",)
    """The names of the Secrets; `*` stands for any text. Default: all."""
    scopes: Annotated[tuple[Name, ...], Field(min_length=1, strict=False)] | None = None
    """Whose pods read them: names of domains, `platform` or `nodes`. Default: everyone's."""
    use: SecretsBackend
    """How they get into the cluster."""

    @model_validator(mode="after")
    def _some(self) -> Self:
        if self.scopes is None and "names" not in self.model_fields_set:
            raise ValueError("the rule is for all secrets; write names or scopes, or say it in `secrets`")
        return self
