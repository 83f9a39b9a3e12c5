"""The plan of one environment, and its frame: what all of its domains share."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from floe_compiler.model.capabilities import Capability
from floe_compiler.model.data_access import ServedProduct
from floe_compiler.model.diagnostics import Findings
from floe_compiler.model.document import Document
from floe_compiler.model.inputs import ArgoCd, Environment, Flux, PlatformManifest
from floe_compiler.model.inputs.delivery_source import OCI
from floe_compiler.model.plan import NODES, PLATFORM, EnvironmentPlan
from floe_compiler.model.settings import Settings
from floe_compiler.model.sites import Site
from floe_compiler.model.sources import Sources
from floe_compiler.resolve import domain_policy, instances, scopes
from floe_compiler.resolve.capabilities import Placed
from floe_compiler.resolve.charts import chart_instances, chart_uses
from floe_compiler.resolve.connecting import connect
from floe_compiler.resolve.databases import check_owners, external_databases, with_databases
from floe_compiler.resolve.domain import resolve_domain
from floe_compiler.resolve.domain_policy import QUOTA, quota_growth
from floe_compiler.resolve.elsewhere import with_elsewhere
from floe_compiler.resolve.environment_checks import check_domain_names, check_secrets
from floe_compiler.resolve.frame import Frame, Inputs, Scope
from floe_compiler.resolve.instances import Place
from floe_compiler.resolve.kept_files import kept_files
from floe_compiler.resolve.known_parts import data_of, own_settings
from floe_compiler.resolve.layers import Merged
from floe_compiler.resolve.limits import check_limits
from floe_compiler.resolve.locks import check_locks
from floe_compiler.resolve.namespaces import namespace_name
from floe_compiler.resolve.presence import check_read, domains_in, domains_served, products_served, semantic_layers
from floe_compiler.resolve.product_overrides import Overrides, check_overrides
from floe_compiler.resolve.products import Key, WrittenProduct
from floe_compiler.resolve.reach import check_components, check_environment
from floe_compiler.resolve.rollout_checks import check_waiting
from floe_compiler.resolve.scopes import without_slots
from floe_compiler.resolve.server_tls import check_tls
from floe_compiler.resolve.service_mesh import check_service_mesh
from floe_compiler.resolve.settings import environment_settings, shared_quota
from floe_compiler.resolve.store_logins import with_vending
from floe_compiler.resolve.texts import check_texts
from floe_compiler.resolve.trust import trust_of


def resolve_environment(
    frame: Frame, products: Mapping[str, Mapping[Key, WrittenProduct]], findings: Findings
) -> EnvironmentPlan | None:
    """Return the plan of one environment, given the valid products by domain; None, with findings, if it is invalid."""
    domains = [
        scope
        for name in sorted(filter(frame.site.has, frame.inputs.sources.domains))
        if (scope := resolve_domain(frame, name, products[name], findings))
    ]
    scopes_ = (*frame.shared.values(), *domains)
    check_owners((database for scope in scopes_ for database in external_databases(scope.placed)), findings)
    # A slot that could not be filled provides nothing; unmet requirements that follow from that are not reported.
    complete = frame.complete and not findings.failed
    provided = frame.provided
    units = tuple(connect(frame, scope, provided, findings, complete=complete) for scope in scopes_)
    if not complete:
        return None
    return EnvironmentPlan(
        frame.settings,
        frame.environment.cluster,
        frame.delivery,
        units,
        frame.version_origin,
        frame.ingress,
        frame.linking,
    )


def resolve_frame(
    inputs: Inputs,
    site: Site,
    environment: Environment,
    findings: Findings,
    elsewhere: tuple[Capability, ...] | None = None,
) -> Frame | None:
    """Return the part of an environment that all domains share; None, with the findings added, if it is invalid.

    Args:
        inputs: The inputs of every environment.
        site: The environment in one of its clusters.
        environment: What its document says, as if it had only this cluster.
        findings: What is found is added here.
        elsewhere: What the shared services provide, if they stand in another cluster; None if they stand in this one.
    """
    document = site.document
    layers = scopes.platform_layers(inputs.sources, document)
    check_locks(inputs.manifests.data, inputs.locks, layers[-1:], findings)
    overrides = Overrides.of(inputs.sources, document, environment.metadata.name)
    check_domain_names(inputs.sources, document, findings)
    check_waiting(inputs.registry, inputs.sources, document, layers, findings)
    check_overrides(inputs.sources, overrides, inputs.locks, findings)
    merged = inputs.known_parts.get(
        ("merged", site.name),
        lambda: (environment.scale, data_of(layers)),
        lambda: scopes.platform_merged(inputs.registry, environment.scale, layers),
    )
    manifest = without_slots(inputs.registry, PlatformManifest, merged, findings)
    if manifest is None:
        return None
    check_tls(environment, document, findings)
    version = merged.span(("kubernetes", "version"))
    check_service_mesh(environment, manifest.kubernetes.version, version, document, findings)
    trust = trust_of(environment, manifest.metadata.name, inputs.sources, document, findings)
    settings = environment_settings(environment, manifest, trust, is_one_of_several=bool(site.cluster))
    check_secrets(environment, document, manifest, merged, findings)
    check_texts((*inputs.sources.manifests, document), settings, findings)
    domain_policy.check_may_set(inputs.registry, manifest, merged, findings)
    names = domains_in(inputs.sources, document, environment.metadata.name)
    check_read(inputs.sources, inputs.references, names, overrides, settings.environment.name, findings)
    domains = domains_served(inputs.sources, names, overrides)
    layered = semantic_layers(merged, inputs.sources, names, document)
    files_by_domain = kept_files(inputs.registry, environment.scale, layers, inputs.sources, document, names)
    served = products_served(inputs.references, names, overrides, layered, files_by_domain)
    shared = inputs.known_parts.get(
        ("shared", site.name),
        lambda: (data_of(layers), own_settings(document), domains, served, elsewhere),
        lambda: _shared(inputs, site, environment, settings, manifest, merged, domains, served, elsewhere, findings),
    )
    check_environment(environment, settings, document, findings)
    if elsewhere is None and not inputs.sources.unlimited:
        placed = (*shared.platform.placed, *(shared.nodes.placed if shared.nodes else ()))
        check_limits(inputs.limits, manifest, placed, merged, findings)
    complete = not findings.failed
    delivery = _placed_in_git(manifest.delivery, inputs.sources)
    return Frame(
        inputs,
        site,
        environment,
        document,
        overrides,
        layers,
        settings,
        delivery,
        shared.platform,
        shared.nodes,
        manifest,
        version,
        served,
        complete,
        shared.provided,
        elsewhere or (),
    )


class _Shared(msgspec.Struct, frozen=True):
    """The shared services of an environment: their scopes, and what they provide."""

    platform: Scope
    nodes: Scope | None
    provided: tuple[Capability, ...]


def _shared(
    inputs: Inputs,
    site: Site,
    environment: Environment,
    settings: Settings,
    manifest: PlatformManifest,
    merged: Merged,
    domains: tuple[str, ...],
    served: tuple[ServedProduct, ...],
    elsewhere: tuple[Capability, ...] | None,
    findings: Findings,
) -> _Shared:
    """Return the shared services, given what is known of their environment so far."""
    place = Place(settings, PLATFORM, settings.environment.platform_namespace, manifest.placement)
    placed = with_vending(instances.shared_instances(inputs.registry, merged, place, domains, served, findings))
    if elsewhere is None:
        placed += chart_instances(manifest.charts, merged, place, findings)
    else:
        placed = [service for service in placed if _is_everywhere(service)]
    check_components(placed, merged, environment, findings)
    platform = Scope(
        PLATFORM,
        settings.environment.platform_namespace,
        manifest.metadata.owner,
        merged,
        shared_quota(manifest),
        quota_growth(merged, (QUOTA, ("shared_services", *QUOTA))),
        merged.span(("shared_services", "quota") if manifest.shared_services.quota else ("quota",))
        or site.document.span(("scale",)),
        tuple(with_databases(inputs.registry, placed, findings)),
        chart_uses(placed, merged),
    )
    on_nodes = Place(settings, NODES, namespace_name(environment, NODES), manifest.placement)
    nodes = _nodes(inputs, manifest, merged, on_nodes, domains, environment, site.document, findings)
    return _Shared(platform, nodes, with_elsewhere(platform.provided, elsewhere or ()))


def _is_everywhere(placed: Placed) -> bool:
    """Return whether a shared component is in each cluster of an environment."""
    component, _ = placed
    return component.in_each_cluster or component.scope == "each"


def _nodes(
    inputs: Inputs,
    manifest: PlatformManifest,
    merged: Merged,
    place: Place,
    domains: tuple[str, ...],
    environment: Environment,
    document: Document,
    findings: Findings,
) -> Scope | None:
    """Return the scope of what needs access to the nodes; None if there is nothing."""
    placed = instances.shared_instances(inputs.registry, merged, place, domains, (), findings)
    check_components(placed, merged, environment, findings)
    if not placed:
        return None
    return Scope(
        NODES,
        place.namespace,
        manifest.metadata.owner,
        merged,
        manifest.quota,
        quota_growth(merged, (QUOTA,)),
        merged.span(QUOTA) or document.span(("scale",)),
        tuple(with_databases(inputs.registry, placed, findings)),
    )


def _placed_in_git(delivery: ArgoCd | Flux, sources: Sources) -> ArgoCd | Flux:
    """Return the delivery with the path of the mesh in its repository: empty at the top; None if it is not known.

    An artifact begins with the output, wherever the mesh is.
    """
    in_git = sources.path if delivery.path is None else delivery.path
    path = "" if delivery.repository.startswith(OCI) else in_git
    return delivery.model_copy(update={"path": "" if path == "." else path})
