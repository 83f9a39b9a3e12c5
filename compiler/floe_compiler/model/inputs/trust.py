"""`trust` of `environment.yaml`: the certificate authorities that all programs trust."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from floe_compiler.model.fields import ObjectName, SecretKeyName, matching
from floe_compiler.model.inputs.common import Input

CertificateFile = Annotated[
    str,
    matching(r"^[A-Za-z0-9][A-Za-z0-9._-]*\.(pem|crt)$", "the name of a file in trust/", "acme-root.pem"),
]


class TrustedFiles(Input):
    """Certificates in files of the repository, which are rendered into a ConfigMap of each namespace."""

    type: Literal["files"]
    """Where the certificates come from."""
    files: Annotated[tuple[CertificateFile, ...], Field(strict=False, min_length=1)]
    """The files in `trust/`, each with one certificate or several as PEM. Programs trust no other authorities."""


class TrustedConfigMap(Input):
    """Certificates in a ConfigMap that somebody else puts into each namespace of the environment."""

    type: Literal["config-map"]
    """Where the certificates come from."""
    name: ObjectName
    """The ConfigMap's name."""
    key: SecretKeyName = "ca-bundle.crt"
    """The key with the certificates as PEM. Programs trust no other authorities."""
    truststore: SecretKeyName | None = None
    """The key with the same certificates as a PKCS #12 file without a password, for Java. Default: programs in Java
    trust what their image does."""


class SourceKey(Input):
    """One key of a Secret or ConfigMap in trust-manager's own namespace."""

    name: ObjectName
    """The object's name."""
    key: SecretKeyName = "ca.crt"
    """The key with the certificates as PEM."""


class TrustManagerBundle(Input):
    """A Bundle of trust-manager, which writes the certificates into a ConfigMap of each namespace."""

    type: Literal["trust-manager"]
    """Where the certificates come from."""
    name: ObjectName | None = None
    """The Bundle's name, which is also that of the ConfigMaps. Default: `<platform>-<environment>-trust`, with
    the hyphens inside these two names doubled."""
    public: bool = True
    """Also trust the public authorities, as trust-manager's package has them."""
    files: Annotated[tuple[CertificateFile, ...], Field(strict=False)] = ()
    """Files in `trust/` with certificates as PEM."""
    secrets: Annotated[tuple[SourceKey, ...], Field(strict=False)] = ()
    """Secrets in trust-manager's namespace, such as that of a CA Issuer."""
    config_maps: Annotated[tuple[SourceKey, ...], Field(strict=False)] = ()
    """ConfigMaps in trust-manager's namespace."""

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not (self.files or self.secrets or self.config_maps):
            raise ValueError("no authority of your own would be trusted; write files, secrets or config_maps")
        return self


TrustBundle = Annotated[TrustedFiles | TrustedConfigMap | TrustManagerBundle, Field(discriminator="type")]


class Trust(Input):
    """The certificate authorities that the programs in all pods trust."""

    bundle: TrustBundle
    """Their certificates."""
