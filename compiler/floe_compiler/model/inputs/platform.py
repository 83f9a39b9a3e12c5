"""`platform-manifest.yaml`: what the platform is made of, in all environments."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator

from floe_compiler.model.fields import (
    ExtendedResource,
    HostName,
    Name,
    NamespaceName,
    ObjectName,
    RegistryPrefix,
    RepositoryPath,
    Revision,
    Timeout,
    matching,
)
from floe_compiler.model.inputs.charts import Chart
from floe_compiler.model.inputs.common import (
    Input,
    LargestQuota,
    Quota,
    VersionedMetadata,
)
from floe_compiler.model.inputs.delivery_source import Verification, check_of_source, check_repository
from floe_compiler.model.inputs.inheritance import Extends, Limit
from floe_compiler.model.inputs.placement import Placements, Toleration
from floe_compiler.model.inputs.rollout import Rollout
from floe_compiler.model.inputs.secrets import SecretRule, SecretsBackend
from floe_compiler.model.layout import CHART_NAME

ChartName = Annotated[str, matching(CHART_NAME, "a chart's name", "redis")]


class Kubernetes(Input):
    """The Kubernetes clusters to compile for."""

    version: Annotated[str, matching(r"^1\.\d{2}$", "its first two numbers", "1.34")] = "1.34"
    """The oldest Kubernetes version among the clusters. Rendered objects are validated against its schemas."""
    cluster_domain: HostName = "cluster.local"
    """The DNS domain of the clusters."""


class Images(Input):
    """Where container images come from."""

    registry: RegistryPrefix = "ghcr.io"
    """The registry (and path) of images that are written without one, such as those of data products."""
    mirrors: dict[HostName, RegistryPrefix] = Field(default_factory=dict)
    """Upstream registry -> the registry (and path) that mirrors it. Images are pulled from the mirror."""
    pull_secret: ObjectName | None = None
    """The secret of type `kubernetes.io/dockerconfigjson` for pulling images. Default: no login."""


class ArgoCd(Input):
    """Argo CD applies the output."""

    type: Literal["argocd"]
    """The delivery tool."""
    repository: Annotated[
        str,
        matching(
            r"^(https://|ssh://|git@|oci://)\S+$",
            "its URL, user@host:path, or oci://registry/name",
            "https://github.com/acme/data.git",
        ),
    ]
    """The Git repository that the output is committed to, or where `floe-compile publish` pushes it: `oci://…`."""
    revision: Revision | None = None
    """The branch or tag that is applied. Default: `main`; of artifacts, the name of the environment."""
    path: RepositoryPath | None = None
    """The folder of the mesh in that repository; `.` is its top. Default: where the mesh is in its Git repository."""
    namespace: NamespaceName = "argocd"
    """The namespace that Argo CD runs in."""
    automated: bool = True
    """Sync new commits automatically."""
    prune: bool | None = None
    """Delete objects that are no longer in the output. Default: true, except in production."""
    self_heal: bool = True
    """Revert changes made by hand in the cluster."""

    _repository = field_validator("repository")(check_repository)
    _of_source = field_validator("revision", "path")(check_of_source)


class FluxDecryption(Input):
    """How Flux decrypts the files that SOPS has encrypted."""

    secret: ObjectName | None = None
    """The Secret in Flux's namespace with the keys: `<name>.agekey` for age, or the login at a key service. Default:
    Flux logs in at the key service as itself."""


class Flux(Input):
    """Flux applies the output."""

    type: Literal["flux"]
    """The delivery tool."""
    repository: Annotated[
        str,
        matching(
            r"^(https://|ssh://|oci://)\S+$",
            "a URL with https:// or ssh://, or oci://registry/name",
            "ssh://git@github.com/acme/data.git",
        ),
    ]
    """The Git repository that the output is committed to, or where `floe-compile publish` pushes it: `oci://…`."""
    revision: Revision | None = None
    """The branch that is applied, or the tag of an artifact. Default: `main`; of artifacts, the environment's name."""
    path: RepositoryPath | None = None
    """The folder of the mesh in that repository; `.` is its top. Default: where the mesh is in its Git repository."""
    namespace: NamespaceName = "flux-system"
    """The namespace that Flux runs in."""
    interval: Timeout = "1h"
    """How often Flux compares the cluster with the output."""
    prune: bool | None = None
    """Delete objects that are no longer in the output. Default: true, except in production."""
    secret: ObjectName | None = None
    """The secret in Flux's namespace with the login for a private repository."""
    decryption: FluxDecryption | None = None
    """How encrypted Secrets are decrypted. Only namespaces that have some get it. Default: they are not."""
    verify: Verification | None = None
    """How the signatures of artifacts are verified. Default: they are not."""

    _repository = field_validator("repository")(check_repository)
    _of_source = field_validator("revision", "path", "verify")(check_of_source)


Delivery = Annotated[ArgoCd | Flux, Field(discriminator="type")]


class SharedServices(Input):
    """Settings of the shared services' namespace only."""

    quota: Quota | None = None
    """Its quota, where it differs from that of other namespaces."""


class DomainPolicy(Input):
    """What domain teams may set in their own files. What the platform team says of a domain is not limited."""

    may_set: tuple[str, ...] | None = Field(default=None, strict=False)
    """Paths of `domain.yaml` (`orchestrator.webserver`, `quota`) that it may set. Default: all that it has."""
    quota: LargestQuota = LargestQuota()
    """The most that a domain may set as its quota, and that a quota grows to. The default depends on the scale."""
    tolerations: tuple[Toleration, ...] = Field(default=(), strict=False)
    """Taints that a domain may tolerate, besides those that the platform's `placement` tolerates."""
    priority_classes: tuple[ObjectName, ...] = Field(default=(), strict=False)
    """PriorityClasses that a domain and its products may use, besides that of the platform's `placement.jobs`."""
    runtime_classes: tuple[ObjectName, ...] = Field(default=(), strict=False)
    """RuntimeClasses that a domain and its products may use, besides that of the platform's `placement.jobs`."""
    prefixes: tuple[HostName, ...] = Field(default=(), strict=False)
    """Prefixes of labels and annotations (`karpenter.sh`) that a domain and its products may give to their pods. Those
    without a prefix are free."""
    devices: dict[ExtendedResource, Annotated[int, Field(ge=0)]] = Field(default_factory=dict)
    """The most that one step of a product may have of each device of nodes (`nvidia.com/gpu: 1`). Default: none."""
    registries: tuple[RegistryPrefix, ...] = Field(default=(), strict=False)
    """Registries (and paths) that images of products may come from, besides `images.registry` and mirrored ones."""
    charts: tuple[ChartName, ...] = Field(default=(), strict=False)
    """The vendored Helm charts (`redis`) that a domain may run in its namespace. Default: none."""
    approval: Literal["required", "optional"] = "optional"
    """Whether each domain must list its products under `approved_products`."""


class SyncTests(Input):
    """Jobs that test each namespace after a sync: its servers answer, and its pods reach what they are declared to."""

    enabled: bool = False
    """Render the Jobs. A failing one fails the sync; nothing is rolled back."""
    external: Literal["require", "report", "skip"] = "report"
    """What an external server that does not accept connections does: fail the test, be reported, or nothing."""
    denied: bool = True
    """Also test that pods do not reach servers that they are not declared to call: the cluster enforces policies."""


class AcceptedWarning(Input):
    """A warning that is accepted for good, and no longer shown."""

    rule: Annotated[str, matching(r"^[A-Z][0-9]{3}$", "the code of a rule", "C002")]
    """The code of the warning's rule."""
    about: Annotated[str, Field(min_length=1)]
    """The object as the warning names it (`Deployment.apps floe-platform/web`, no environment), or the file."""
    reason: Annotated[str, Field(min_length=1)]
    """Why it is accepted, for those who read it later."""


class PlatformManifest(Input):
    """What the platform is made of, in all environments."""

    apiVersion: Literal["floe.dev/v1"]  # noqa: N815 - Kubernetes' own spelling
    """The API version of the document."""
    kind: Literal["PlatformManifest"]
    """The kind of document."""
    metadata: VersionedMetadata
    """Name, version and owner of the platform."""
    extends: Extends | None = None
    """The parent, whose settings are the defaults of this manifest, and whose `locks` and `limits` hold here, too."""
    kubernetes: Kubernetes = Kubernetes()
    """The Kubernetes clusters to compile for."""
    images: Images = Images()
    """Where container images come from."""
    secrets: SecretsBackend
    """How secrets get into the cluster."""
    secret_rules: tuple[SecretRule, ...] = Field(default=(), strict=False)
    """Secrets that get there in another way. The first rule that matches a secret counts."""
    delivery: Delivery
    """The tool that applies the output."""
    quota: Quota = Quota()
    """The quota of each namespace. Amounts that are not set grow with what the namespace needs."""
    shared_services: SharedServices = SharedServices()
    """Settings of the shared services' namespace only."""
    placement: Placements = Placements()
    """The nodes that pods run on."""
    charts: dict[Name, Chart] = Field(default_factory=dict)
    """Helm charts that run in the namespace of the shared services, by the name of the release."""
    sync_tests: SyncTests = SyncTests()
    """Jobs that test each namespace after a sync."""
    domain_policy: DomainPolicy = DomainPolicy()
    """What domain teams may set in their own files."""
    locks: tuple[str, ...] = Field(default=(), strict=False)
    """Paths (`catalog.type`) that nothing below may override: manifests that extend this one, environments, domains."""
    limits: dict[str, Limit] = Field(default_factory=dict)
    """Paths (`databases.backup.retention_days`), and what may be set there, here and below."""
    accepted_warnings: tuple[AcceptedWarning, ...] = Field(default=(), strict=False)
    """Warnings that are accepted for good. One that no longer occurs is reported."""
    rollout: Rollout | None = None
    """Settings that reach the domains ring by ring. Manifests that extend this one do not take it over."""
