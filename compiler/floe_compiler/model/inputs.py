"""The authored documents: strict, frozen models of what people write.

Slots (`orchestrator`, `catalog` ...) are not fields here: which slots there are, and what may stand in each, is for the
components to say (`components/`); `resolve/slots.py` takes them out before these models see a document.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from floe_compiler.model.fields import (
    Cidr,
    Duration,
    HostName,
    ImageReference,
    LabelKey,
    LabelValue,
    Name,
    NamespaceName,
    NamespacePattern,
    ObjectName,
    Owner,
    PortNumber,
    Quantity,
    RegistryPrefix,
    RelativePath,
    Revision,
    Schedule,
    SecretKeyName,
    SemanticVersion,
    StepName,
    Timeout,
    TimeZone,
    VariableName,
)
from floe_compiler.model.quantities import parse_quantity

API_VERSION = "floe.dev/v1"
Scale = Literal["light", "medium", "heavy"]


class Input(BaseModel):
    """The base of everything authored: unknown keys are errors, values are not converted, instances are frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, use_attribute_docstrings=True)


class Metadata(Input):
    """Who and what a document is."""

    name: Name
    """The name, a DNS label: it becomes part of Kubernetes names."""
    owner: Owner
    """Who answers for it: a team's mail address or handle."""
    description: str = ""
    """What it is for, in a sentence."""


class VersionedMetadata(Metadata):
    """Metadata of something that is released."""

    version: SemanticVersion
    """The semantic version of what is described (`1.4.2`)."""


class Amounts(Input):
    """Amounts of CPU and memory."""

    cpu: Quantity
    """CPU as a Kubernetes quantity (`500m`, `2`)."""
    memory: Quantity
    """Memory as a Kubernetes quantity (`512Mi`, `2Gi`)."""


class ResourceSettings(Input):
    """What a container asks for and may use at most."""

    requests: Amounts
    """What the scheduler sets aside for the container."""
    limits: Amounts
    """What the container may use at most; not below the requests."""

    @model_validator(mode="after")
    def _within_limits(self) -> Self:
        for name in ("cpu", "memory"):
            asked, most = getattr(self.requests, name), getattr(self.limits, name)
            if parse_quantity(asked) > parse_quantity(most):
                raise ValueError(f"requests {name} {asked}, above the limit of {most}; raise the limit or ask for less")
        return self


class Quota(Input):
    """What a namespace may use in all: the sum of its pods must fit, or compiling fails."""

    cpu: Quantity = "4"
    """Sum of CPU requests."""
    memory: Quantity = "8Gi"
    """Sum of memory requests."""
    pods: Annotated[int, Field(ge=1)] = 50
    """Number of pods."""
    storage: Quantity = "100Gi"
    """Sum of the persistent volume claims."""


class Toleration(Input):
    """A taint that pods put up with."""

    key: LabelKey
    """The taint's key."""
    value: LabelValue = ""
    """The taint's value; empty: any."""
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] = "NoSchedule"
    """The taint's effect."""


class Placement(Input):
    """The nodes that pods run on."""

    node_selector: dict[LabelKey, LabelValue] = Field(default_factory=dict)
    """Labels that a node must have."""
    tolerations: tuple[Toleration, ...] = Field(default=(), strict=False)
    """Taints of nodes that pods put up with."""


class Placements(Input):
    """The nodes for long-running services and for data pipelines, which often have their own."""

    services: Placement = Placement()
    """Where servers run."""
    jobs: Placement = Placement()
    """Where pipelines and other tasks run."""


class Kubernetes(Input):
    """The target of the compilation."""

    version: Annotated[str, Field(pattern=r"^1\.\d{2}$")] = "1.34"
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
    repository: Annotated[str, Field(pattern=r"^(https://|ssh://|git@)\S+$")]
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
    repository: Annotated[str, Field(pattern=r"^(https://|ssh://)\S+$")]
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


class Cluster(Input):
    """The cluster that an environment runs in."""

    name: Name
    """The cluster's name; environments of one cluster must not share namespaces."""
    server: Annotated[str, Field(pattern=r"^https://\S+$")] = "https://kubernetes.default.svc"
    """The API server's address as Argo CD knows it."""
    api_server_cidr: Cidr = "0.0.0.0/0"
    """Addresses of the API server, for the network policies of pods that need it."""
    nodes: Annotated[int, Field(ge=1)] = 3
    """How many nodes to count for DaemonSets when quotas are checked."""
    ingress_namespace: NamespaceName | None = None
    """The namespace of the ingress controller, which may then reach user interfaces; none: nothing may."""


class Namespaces(Input):
    """How namespaces are called."""

    pattern: NamespacePattern = "floe-{scope}"
    """The name, with `{scope}` for `platform` or `<domain>-domain`."""


class Environment(Input):
    """Where the platform runs and how big, and what is different there."""

    apiVersion: Literal["floe.dev/v1"]  # noqa: N815
    """The version of this language."""
    kind: Literal["Environment"]
    """The kind of document."""
    metadata: Metadata
    """Name and owner of the environment; the name is the folder's."""
    cluster: Cluster
    """The cluster."""
    production: bool = False
    """Hold everything to production's rules: high availability, exact images, no generated secrets."""
    scale: Scale = "light"
    """How big: light (under 100 runs a day), medium (under 1,000), heavy."""
    storage_class: ObjectName
    """The StorageClass of persistent volumes."""
    namespaces: Namespaces = Namespaces()
    """How namespaces are called."""
    platform: dict[str, Any] = Field(default_factory=dict)
    """Overrides of `platform-manifest.yaml`, in its own words."""
    domains: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """Overrides of a domain's `domain.yaml`, by the domain's name."""


class Domain(Input):
    """A domain of the data mesh: a team that owns data products and the orchestrator that runs them."""

    apiVersion: Literal["floe.dev/v1"]  # noqa: N815
    """The version of this language."""
    kind: Literal["Domain"]
    """The kind of document."""
    metadata: Metadata
    """Name and owner of the domain; the name is the folder's."""
    quota: Quota | None = None
    """The quota of the domain's namespace, where it differs from the platform's."""
    placement: Placements | None = None
    """The nodes that the domain's pods run on, where they differ from the platform's."""
    environments: tuple[Name, ...] | None = Field(default=None, strict=False)
    """The environments that the domain exists in; none: all."""


class SecretUse(Input):
    """One key of a secret that a step reads."""

    secret: ObjectName
    """The secret's name."""
    key: SecretKeyName
    """The key in it."""


class ExternalServer(Input):
    """A server outside the platform that a step connects to."""

    host: HostName
    """Its DNS name."""
    port: PortNumber = 443
    """Its TCP port."""
    cidr: Cidr = "0.0.0.0/0"
    """The addresses it may have, for the network policy."""


class Step(Input):
    """One step of a data product's pipeline: a container that runs to its end."""

    name: StepName
    """The step's name, unique in the product."""
    variables: dict[VariableName, str] = Field(default_factory=dict)
    """Environment variables; never a secret."""
    secrets: dict[VariableName, SecretUse] = Field(default_factory=dict)
    """Environment variables that take their value from a secret."""
    connects: tuple[ExternalServer, ...] = Field(default=(), strict=False)
    """Servers outside the platform that the step connects to; anything else is cut off."""
    resources: ResourceSettings | None = None
    """CPU and memory; default: by the environment's scale."""


class DltStep(Step):
    """Ingestion with dlt: an external source in, raw Iceberg tables out."""

    type: Literal["dlt"]
    """The kind of step."""
    script: RelativePath
    """The pipeline's Python file in the image, from its working directory."""


class DbtStep(Step):
    """Transformation with dbt."""

    type: Literal["dbt"]
    """The kind of step."""
    project: RelativePath = "dbt"
    """The dbt project's folder in the image."""
    select: tuple[str, ...] = Field(default=(), strict=False)
    """Node selectors; none: everything."""


class QualityStep(Step):
    """Quality checks with Soda contracts; a failed check fails the run."""

    type: Literal["quality"]
    """The kind of step."""
    contracts: Annotated[tuple[RelativePath, ...], Field(min_length=1, strict=False)]
    """The contract files in the image."""
    data_source: RelativePath
    """The data source's configuration file in the image."""


class CustomStep(Step):
    """Any other program in the product's image."""

    type: Literal["custom"]
    """The kind of step."""
    command: Annotated[tuple[str, ...], Field(min_length=1, strict=False)]
    """The program and its arguments."""


AnyStep = Annotated[DltStep | DbtStep | QualityStep | CustomStep, Field(discriminator="type")]


class ProductSchedule(Input):
    """When a data product runs."""

    cron: Schedule
    """Minute, hour, day, month, weekday."""
    time_zone: TimeZone = "Etc/UTC"
    """The time zone that the times are in (`Europe/Berlin`)."""
    enabled: bool = True
    """Whether the schedule is on."""


class ProductInput(Input):
    """A table of another data product that this one reads."""

    product: Name
    """The product."""
    output: Name
    """Its output."""
    domain: Name | None = None
    """The product's domain; default: this product's own."""


class ProductOutput(Input):
    """A table that a data product offers to others."""

    name: Name
    """The output's name, unique in the product."""
    description: str = ""
    """What it holds."""


class DataProduct(Input):
    """A data product: an image, the steps that run in it, when, and what goes in and out."""

    apiVersion: Literal["floe.dev/v1"]  # noqa: N815
    """The version of this language."""
    kind: Literal["DataProduct"]
    """The kind of document."""
    metadata: VersionedMetadata
    """Name, version and owner of the product; the name is the file's."""
    image: ImageReference
    """The image with the product's code, by exact tag or digest; without a registry: from `images.registry`."""
    run_by: Literal["orchestrator", "kubernetes"] = "orchestrator"
    """Who starts the runs: the domain's orchestrator, or a CronJob."""
    schedule: ProductSchedule | None = None
    """When it runs; none: by hand only."""
    timeout: Timeout = "1h"
    """How long one run may take."""
    retries: Annotated[int, Field(ge=0, le=10)] = 0
    """How often a failed run is tried again."""
    inputs: tuple[ProductInput, ...] = Field(default=(), strict=False)
    """Tables of other products that it reads."""
    outputs: tuple[ProductOutput, ...] = Field(default=(), strict=False)
    """Tables that it offers."""
    steps: Annotated[tuple[AnyStep, ...], Field(min_length=1, strict=False)]
    """What a run does, in order; a step starts when the one before it has succeeded."""


class PostgresqlServer(Input):
    """A PostgreSQL server inside the cluster, as a StatefulSet."""

    type: Literal["postgresql"] = "postgresql"
    """The kind of database."""
    server: Name | None = None
    """The server's name; consumers that name the same one share it. Default: `<component>-postgresql`."""
    storage: Quantity = "10Gi"
    """The size of its volume."""
    resources: ResourceSettings = ResourceSettings(
        requests=Amounts(cpu="500m", memory="1Gi"), limits=Amounts(cpu="2", memory="2Gi")
    )
    """CPU and memory."""


class SecretKeys(Input):
    """The keys of a database's secret."""

    username: SecretKeyName = "username"
    """The key with the user's name."""
    password: SecretKeyName = "password"  # noqa: S105 - the name of a key
    """The key with the password."""


class DatabaseSecret(Input):
    """The secret that holds a database's credentials."""

    name: ObjectName
    """The secret's name."""
    keys: SecretKeys = SecretKeys()
    """Which keys hold what."""
    existing: bool = False
    """Somebody else puts the Secret into the namespace: nothing is rendered for it."""


class ExternalPostgresql(Input):
    """A PostgreSQL server that somebody else runs, such as RDS (recommended for production)."""

    type: Literal["external"]
    """The kind of database."""
    host: HostName
    """The server's DNS name."""
    port: PortNumber = 5432
    """The server's port."""
    database: Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_]{0,62}$")] | None = None
    """The database; default: the component's usual one."""
    user: Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_]{0,62}$")] | None = None
    """The user; default: as the database."""
    secret: DatabaseSecret
    """Where the credentials are."""
    cidr: Cidr = "0.0.0.0/0"
    """The addresses the server may have, for the network policies."""


def _inside_the_cluster(value: Any) -> Any:
    """Let a database whose type nobody says be a server inside the cluster."""
    return {"type": "postgresql", **value} if isinstance(value, dict) else value


DatabaseChoice = Annotated[
    PostgresqlServer | ExternalPostgresql, Field(discriminator="type"), BeforeValidator(_inside_the_cluster)
]
