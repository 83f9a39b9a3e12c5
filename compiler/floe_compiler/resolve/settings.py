"""The settings of an environment, from the documents of the platform and of the environment."""

from __future__ import annotations

from floe_compiler.model.inputs import (
    Environment,
    Flux,
    GatewayLinks,
    IstioLinks,
    LinkerdLinks,
    Links,
    McsLinks,
    PlatformManifest,
    Quota,
)
from floe_compiler.model.plan import PLATFORM
from floe_compiler.model.settings import ClusterSettings, EnvironmentSettings, PlatformSettings, Settings
from floe_compiler.model.trust import Trust
from floe_compiler.resolve.namespaces import namespace_name
from floe_compiler.resolve.server_tls import has_web_tls, server_issuer
from floe_compiler.resolve.service_mesh import service_mesh


def environment_settings(
    environment: Environment,
    manifest: PlatformManifest,
    trust: Trust | None = None,
    *,
    is_one_of_several: bool = False,
) -> Settings:
    """Return the settings of an environment, whose programs `trust` these authorities.

    `manifest` is the platform's, merged with the environment's overrides. `is_one_of_several` says that the environment
    has more clusters than this one.
    """
    links = environment.links
    gateways = (links.gateway_namespace,) if isinstance(links, LinkerdLinks) else ()
    return Settings(
        PlatformSettings(
            name=manifest.metadata.name,
            version=manifest.metadata.version,
            registry=manifest.images.registry,
            mirrors=dict(sorted(manifest.images.mirrors.items())),
            pull_secret=manifest.images.pull_secret or "",
            secrets=manifest.secrets,
            delivery=manifest.delivery.type,
            sync_tests=manifest.sync_tests,
            secret_rules=manifest.secret_rules,
            decrypts=isinstance(manifest.delivery, Flux) and manifest.delivery.decryption is not None,
        ),
        EnvironmentSettings(
            name=environment.metadata.name,
            production=environment.production,
            scale=environment.scale,
            platform_namespace=namespace_name(environment, PLATFORM),
            namespace_pattern=environment.namespaces.pattern,
        ),
        ClusterSettings(
            name=environment.cluster.name,
            kubernetes_version=manifest.kubernetes.version,
            domain=manifest.kubernetes.cluster_domain,
            storage_class=environment.storage_class,
            ingress_namespace=environment.cluster.ingress_namespace or "",
            keda_namespace=environment.cluster.keda_namespace or "",
            api_server_cidr=environment.cluster.api_server_cidr,
            reach=environment.cluster.reach,
            dns=environment.cluster.dns.servers,
            nodes=environment.cluster.nodes,
            ingress_addresses=environment.cluster.ingress_addresses,
            is_one_of_several=is_one_of_several,
            exported_domain=links.domain if isinstance(links, McsLinks) else "",
            name_elsewhere=environment.cluster.name if isinstance(links, IstioLinks | LinkerdLinks) else "",
            client_issuer=_client_issuer(links),
            mesh=service_mesh(environment.cluster.mesh, gateways),
        ),
        trust,
        server_issuer(environment),
        web_tls=has_web_tls(environment),
    )


def _client_issuer(links: Links | None) -> str:
    certificates = links.client_certificates if isinstance(links, GatewayLinks) else None
    return certificates.issuer if certificates else ""


def shared_quota(manifest: PlatformManifest) -> Quota:
    """Return the quota of the shared services: their own settings, merged over those of every namespace."""
    own = manifest.shared_services.quota
    return manifest.quota.model_copy(update=own.model_dump(exclude_unset=True)) if own else manifest.quota
