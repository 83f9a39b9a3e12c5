"""`platform-manifest.yaml`: what the platform is made of, everywhere."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from floe_compiler.model.fields import (
    Duration,
    HostName,
    NamespaceName,
    ObjectName,
    RegistryPrefix,
    Revision,
    Timeout,
    matching,
)
from floe_compiler.model.inputs.common import (
    Input,
    Placements,
    Quota,
    VersionedMetadata,
)


class Kubernetes(Input):
    """The target of the compilation."""

    version: Annotated[str, matching(r"^1\.\d{2}$", "its first two numbers", "1.34")] = "1.34"
    """The oldest Kubernetes version among the clusters; rendered objects are checked against its schemas."""
    cluster_domain: HostName = "cluster.local"
    """The DNS domain of the clusters."""


class Images(Input):
    """Where container images come from."""

    registry: RegistryPrefix = "ghcr.io"
    """The registry (and path) of images that are named without one, such as those of data products."""
    mirrors: dict[HostName, RegistryPrefix] = Field(default_factory=dict)
    """Upstream registry -> the registry (and path) that mirrors it: every image is pulled from the mirror."""
    pull_secret: ObjectName | None = None
    """The secret of type `kubernetes.io/dockerconfigjson` with which images are pulled; none: no login."""


class StoreReference(Input):
    """A SecretStore of the External Secrets Operator."""

    kind: Literal["ClusterSecretStore", "SecretStore"] = "ClusterSecretStore"
    """Whether the store is the cluster's or the namespace's own."""
    name: ObjectName
    """The store's name."""


class ExternalSecrets(Input):
    """Secrets are read from a store (Vault, AWS Secrets Manager ...) by the External Secrets Operator."""

    type: Literal["external-secrets"]
    """The way secrets come into the cluster."""
    store: StoreReference
    """The store that holds them."""
    refresh_interval: Duration = "1h"
    """How often the store is asked for new values."""


class GeneratedSecrets(Input):
    """Secrets are made up inside the cluster by the operator's password generators: for clusters without a vault."""

    type: Literal["generated"]
    """The way secrets come into the cluster. Refused in production."""


class ArgoCd(Input):
    """Argo CD applies the output."""

    type: Literal["argocd"]
    """The delivery tool."""
    repository: Annotated[
        str,
        matching(
            r"^(https://|ssh://|git@)\S+$",
            "its URL, or user@host:path",
            "https://github.com/acme/data.git",
        ),
    ]
    """The Git repository that the output is committed to."""
    revision: Revision = "main"
    """The branch or tag that is applied."""
    namespace: NamespaceName = "argocd"
    """The namespace that Argo CD runs in."""
    automated: bool = True
    """Apply commits without somebody pressing Sync."""
    prune: bool | None = None
    """Delete what left the output. Default: everywhere but in production."""
    self_heal: bool = True
    """Undo changes made by hand in the cluster."""


class Flux(Input):
    """Flux applies the output."""

    type: Literal["flux"]
    """The delivery tool."""
    repository: Annotated[
        str,
        matching(
            r"^(https://|ssh://)\S+$",
            "a URL with https:// or ssh://",
            "ssh://git@github.com/acme/data.git",
        ),
    ]
    """The Git repository that the output is committed to."""
    revision: Revision = "main"
    """The branch that is applied."""
    namespace: NamespaceName = "flux-system"
    """The namespace that Flux runs in."""
    interval: Timeout = "1h"
    """How often Flux compares the cluster with the output."""
    prune: bool | None = None
    """Delete what left the output. Default: everywhere but in production."""
    secret: ObjectName | None = None
    """A secret in Flux's namespace with which a private repository is read."""


SecretsBackend = Annotated[ExternalSecrets | GeneratedSecrets, Field(discriminator="type")]
Delivery = Annotated[ArgoCd | Flux, Field(discriminator="type")]


class SharedServices(Input):
    """What holds for the shared services' namespace alone."""

    quota: Quota | None = None
    """Its quota, where it differs from the other namespaces'."""


class PlatformManifest(Input):
    """What the platform is made of, everywhere. It carries no value of one environment."""

    apiVersion: Literal["floe.dev/v1"]  # noqa: N815 - Kubernetes' own spelling
    """The version of this language."""
    kind: Literal["PlatformManifest"]
    """The kind of document."""
    metadata: VersionedMetadata
    """Name, version and owner of the platform."""
    kubernetes: Kubernetes = Kubernetes()
    """The Kubernetes version that is compiled for."""
    images: Images = Images()
    """Where container images come from."""
    secrets: SecretsBackend
    """How secrets come into the cluster."""
    delivery: Delivery
    """Which tool applies the output."""
    quota: Quota = Quota()
    """The quota of each namespace."""
    shared_services: SharedServices = SharedServices()
    """What holds for the shared services' namespace alone."""
    placement: Placements = Placements()
    """The nodes that pods run on."""
    locks: tuple[str, ...] = Field(default=(), strict=False)
    """Paths (`catalog.type`) that neither environments nor domains may override."""
