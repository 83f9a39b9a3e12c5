"""`overlays/<environment>/environment.yaml`: where the platform runs, and at what scale."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from floe_compiler.model.addresses import ANYWHERE, Reach, is_own, network
from floe_compiler.model.dns import PRESETS, DnsServers, Preset
from floe_compiler.model.fields import (
    AddressRange,
    Cidr,
    Name,
    NamespaceName,
    NamespacePattern,
    ObjectName,
    PortNumber,
    matching,
)
from floe_compiler.model.inputs.common import (
    Input,
    Metadata,
)
from floe_compiler.model.inputs.ingress import Ingress
from floe_compiler.model.inputs.links import Links, ReachedAt
from floe_compiler.model.inputs.prices import Prices
from floe_compiler.model.inputs.service_mesh import ServiceMesh
from floe_compiler.model.inputs.tls import Tls
from floe_compiler.model.inputs.trust import Trust

Scale = Literal["light", "medium", "heavy"]


def check_senders(text: str) -> str:
    """Refuse the range of all addresses, which are those of every pod, too."""
    if network(text).prefixlen == 0:
        raise ValueError(f"{text} is everybody; write the addresses of the load balancer")
    return text


Senders = Annotated[Cidr, AfterValidator(check_senders)]


class Dns(Input):
    """The cluster's DNS servers, which all pods may query."""

    preset: Preset = "kube-system"
    """Where they are: in `kube-system`, there and on each node (`node-local`), or where GKE or OpenShift has them."""
    namespaces: Annotated[tuple[NamespaceName, ...], Field(strict=False)] | None = None
    """Their namespaces. Default: that of the preset."""
    ports: Annotated[tuple[PortNumber, ...], Field(min_length=1, strict=False)] | None = None
    """The ports of their pods, not of their Service. Default: that of the preset."""
    addresses: Annotated[tuple[AddressRange, ...], Field(strict=False)] | None = None
    """Address ranges of servers that are not pods, such as those of a cache on each node. Default: the preset's."""

    @model_validator(mode="after")
    def _somewhere(self) -> Self:
        if not self.servers.namespaces and not self.servers.addresses:
            raise ValueError("no pod could resolve names; write namespaces or addresses, or leave both out")
        return self

    @property
    def servers(self) -> DnsServers:
        """Return the servers: those of the preset, with what is set here instead."""
        preset = PRESETS[self.preset]
        return DnsServers(
            preset.namespaces if self.namespaces is None else self.namespaces,
            preset.ports if self.ports is None else self.ports,
            preset.addresses if self.addresses is None else self.addresses,
            preset.labels if self.namespaces is None else (),
        )


class Cluster(Input):
    """The cluster that an environment runs in."""

    name: Name
    """The cluster's name; environments of one cluster must not share namespaces."""
    server: Annotated[str, matching(r"^https://\S+$", "its URL", "https://k8s.acme.example:6443")] = (
        "https://kubernetes.default.svc"
    )
    """The URL of the API server, as registered in Argo CD."""
    api_server_cidr: Cidr = ANYWHERE
    """The address range of the API server, for the network policies of pods that call it."""
    networks: Annotated[tuple[Cidr, ...], Field(strict=False)] = ()
    """The address ranges of the cluster's nodes, pods and Services. Nothing reaches them as servers outside."""
    reachable_networks: Annotated[tuple[Cidr, ...], Field(strict=False)] = ()
    """The private address ranges that have servers outside the cluster, which may be reached. Default: none."""
    dns: Dns = Dns()
    """The cluster's DNS servers."""
    nodes: Annotated[int, Field(ge=1)] = 3
    """The number of nodes to assume for DaemonSets when quotas are checked."""
    ingress_namespace: NamespaceName | None = None
    """The namespace of the ingress controller's pods (with Gateway API, of its data plane), which may then reach user
    interfaces. Default: none may."""
    keda_namespace: NamespaceName | None = None
    """The namespace of KEDA's operator, which then scales what asks for it. Default: the cluster has no KEDA."""
    ingress_addresses: Annotated[tuple[Senders, ...], Field(strict=False)] = ()
    """The address ranges of a load balancer outside the cluster that sends to pods itself, as those of clouds do."""

    region: Name | None = None
    """Where it is, if the environment has several clusters. It is only told to people."""
    reached_at: ReachedAt | None = None
    """Where the environment's other clusters reach it, if they do."""
    mesh: ServiceMesh | None = None
    """The service mesh that all namespaces of the environment join. Default: none."""
    prices: Prices | None = None
    """What is paid for what is requested there. It changes no object: `diff` and the report say the costs. Default:
    they say none."""

    @model_validator(mode="after")
    def _reachable_outside(self) -> Self:
        for cidr in self.reachable_networks:
            if is_own(network(cidr), self.reach):
                raise ValueError(f"reachable_networks has {cidr}, which is in networks; remove it from one of them")
        return self

    @property
    def reach(self) -> Reach:
        """Return which addresses that are not public may be reached."""
        return Reach(self.networks, self.reachable_networks)


class PlacedCluster(Cluster):
    """One of several clusters of an environment, and what stands in it."""

    runs: Annotated[tuple[Name, ...], Field(strict=False)]
    """What stands in it: `platform` for the shared services, and the names of domains."""
    storage_class: ObjectName
    """The StorageClass of persistent volumes there."""
    ingress: Ingress | None = None
    """The interfaces that are opened to users there, and their hosts. Default: none."""


class Clusters(Input):
    """The clusters of an environment that has several."""

    clusters: Annotated[tuple[PlacedCluster, ...], Field(min_length=1, strict=False)]
    """The clusters, instead of one `cluster`. Each part of the platform stands in one of them."""


class Namespaces(Input):
    """How namespaces are named."""

    pattern: NamespacePattern = "floe-{scope}"
    """The namespace's name, with `{scope}` for `platform` or `<domain>-domain`."""


class Environment(Input):
    """Where the platform runs, at what scale, and what differs there."""

    apiVersion: Literal["floe.dev/v1"]  # noqa: N815
    """The API version of the document."""
    kind: Literal["Environment"]
    """The kind of document."""
    metadata: Metadata
    """Name and owner of the environment. The name must be that of the folder."""
    cluster: Cluster
    """The cluster."""
    production: bool = False
    """Enforce the rules for production: high availability, exact image versions, no generated secrets."""
    scale: Scale = "light"
    """The scale: light (under 100 runs a day), medium (under 1,000) or heavy."""
    storage_class: ObjectName
    """The StorageClass of persistent volumes."""
    namespaces: Namespaces = Namespaces()
    """How namespaces are named."""
    ingress: Ingress | None = None
    """The interfaces that are opened to users, and their hosts. Default: none; policies still let in the namespace of
    the ingress controller."""
    trust: Trust | None = None
    """The certificate authorities that all programs trust. Default: those of each image."""
    tls: Tls | None = None
    """TLS between the pods of the environment. Default: in production, with the issuer of the `ingress` if that is
    `private`; otherwise none."""
    links: Links | None = None
    """How its clusters reach one another, if it has several. Default: they do not."""
    rollout: dict[Name, Name | None] = Field(default_factory=dict)
    """How far changes of the platform's `rollout` are here: the last ring that has it, by the change's name."""
    platform: dict[str, Any] = Field(default_factory=dict)
    """Overrides of `platform-manifest.yaml`, with the same keys."""
    domains: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """Overrides of `domain.yaml`, by the domain's name."""
