"""The settings of one environment: platform, environment, cluster. The defaults are in `model/inputs/`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from floe_compiler.model.addresses import Reach
from floe_compiler.model.dns import DnsServers
from floe_compiler.model.inputs import SecretRule, SecretsBackend, SyncTests
from floe_compiler.model.service_mesh import ServiceMesh
from floe_compiler.model.sites import site_name
from floe_compiler.model.trust import Trust


class PlatformSettings(msgspec.Struct, frozen=True):
    """Settings of the platform: its name and owner, and where images and secrets come from."""

    name: str
    version: str
    registry: str
    """The registry of images that are written without one."""

    mirrors: Mapping[str, str]
    """Upstream registry -> its mirror."""

    pull_secret: str
    """The secret for pulling images; empty: no login."""

    secrets: SecretsBackend
    delivery: Literal["argocd", "flux"]
    sync_tests: SyncTests
    """The Jobs that test each namespace after a sync."""

    secret_rules: tuple[SecretRule, ...]
    """Secrets that get into the cluster in another way than `secrets` says; the first that fits counts."""

    decrypts: bool
    """Whether the delivery tool decrypts Secrets that SOPS has encrypted."""


class EnvironmentSettings(msgspec.Struct, frozen=True):
    """Settings of the environment: its purpose, its scale, and the names of its namespaces."""

    name: str
    production: bool
    scale: str
    platform_namespace: str
    """The namespace of the shared services."""

    namespace_pattern: str
    """The names of all namespaces, with `{scope}` for the scope's word (`plan.scope_name`)."""


class ClusterSettings(msgspec.Struct, frozen=True):
    """The cluster that the environment runs in."""

    name: str
    kubernetes_version: str
    domain: str
    storage_class: str
    ingress_namespace: str
    """The namespace of the ingress controller; empty if there is none."""

    api_server_cidr: str
    reach: Reach
    """Which addresses that are not public may be reached."""

    dns: DnsServers
    nodes: int
    keda_namespace: str
    """The namespace of KEDA's operator; empty if there is none."""

    ingress_addresses: tuple[str, ...]
    """The addresses of a load balancer outside the cluster that sends to pods itself."""

    is_one_of_several: bool
    """Whether the environment has other clusters, too."""

    exported_domain: str
    """The domain of Services that are exported to other clusters; empty if none are."""

    name_elsewhere: str
    """What names of Services end with in the other clusters of a service mesh; empty if no mesh links them."""

    client_issuer: str
    """The ClusterIssuer of certificates that programs show to servers in other clusters; empty: they show none."""

    mesh: ServiceMesh | None
    """The service mesh that the namespaces join; None: none."""


class Settings(msgspec.Struct, frozen=True):
    """All settings of one environment."""

    platform: PlatformSettings
    environment: EnvironmentSettings
    cluster: ClusterSettings
    trust: Trust | None
    """The authorities that all programs trust; None: those of each image."""

    tls_issuer: str
    """The ClusterIssuer of the certificates of servers inside the cluster; empty: they do without TLS."""

    web_tls: bool
    """Whether servers that only the ingress controller reaches speak TLS, too: it verifies them."""

    @property
    def site(self) -> str:
        """Return the name of the environment in this cluster: `prod`, or `prod/us-east` if it has several clusters."""
        return site_name(self.environment.name, self.cluster.name if self.cluster.is_one_of_several else "")
