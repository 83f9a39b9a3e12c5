"""The plan of one environment: layers merged, components chosen and connected."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

from floe_compiler.model.capabilities import Capability
from floe_compiler.model.diagnostics import Findings
from floe_compiler.model.document import Document
from floe_compiler.model.inputs import (
    ArgoCd,
    Domain,
    Environment,
    Flux,
    Placements,
    PlatformManifest,
    Quota,
)
from floe_compiler.model.inputs.delivery_source import OCI
from floe_compiler.model.plan import NODES, PLATFORM, EnvironmentPlan, ResolvedUnit
from floe_compiler.model.semantic_models import ModelFile
from floe_compiler.model.sites import Site
from floe_compiler.model.sources import DomainSource, Sources
from floe_compiler.model.yaml_text import to_yaml
from floe_compiler.resolve import capabilities, domain_policy, instances, scopes, slots
from floe_compiler.resolve.backups import check_place
from floe_compiler.resolve.capabilities import Placed
from floe_compiler.resolve.charts import chart_instances, chart_uses, check_charts, domain_limits
from floe_compiler.resolve.data_access import check_approved
from floe_compiler.resolve.databases import check_owners, external_databases, with_databases
from floe_compiler.resolve.domain_policy import QUOTA, quota_growth
from floe_compiler.resolve.domain_steps import with_shared
from floe_compiler.resolve.elsewhere import with_elsewhere
from floe_compiler.resolve.environment_checks import check_domain_names, check_secrets
from floe_compiler.resolve.frame import Frame, Inputs, Scope
from floe_compiler.resolve.instances import Place
from floe_compiler.resolve.kept_files import kept_files
from floe_compiler.resolve.layers import Merged
from floe_compiler.resolve.limits import check_limits, check_product_limits
from floe_compiler.resolve.locks import check_locks
from floe_compiler.resolve.namespaces import namespace_name
from floe_compiler.resolve.presence import check_read, domains_in, domains_served, products_served, semantic_layers
from floe_compiler.resolve.product_overrides import Overrides, check_overrides
from floe_compiler.resolve.products import Key, WrittenProduct, products_in
from floe_compiler.resolve.reach import check_components, check_environment, check_products
from floe_compiler.resolve.refusals import check_platform_settings, check_refusals
from floe_compiler.resolve.rollout import inherited_layers
from floe_compiler.resolve.rollout_checks import check_waiting
from floe_compiler.resolve.semantic_models import check_served
from floe_compiler.resolve.server_tls import check_tls
from floe_compiler.resolve.service_mesh import check_service_mesh
from floe_compiler.resolve.settings import environment_settings, shared_quota
from floe_compiler.resolve.slots import Registry, slot_path
from floe_compiler.resolve.store_logins import check_store_logins, with_vending
from floe_compiler.resolve.texts import check_texts
from floe_compiler.resolve.triggers import check_noticed, check_triggers
from floe_compiler.resolve.trust import trust_of
from floe_compiler.resolve.validation import Model, validate


ResolveDomain = Callable[[Frame, str, Mapping[Key, WrittenProduct], Findings], Scope | None]
"""Returns a domain of an environment, as `resolve_domain` does."""


def resolve_environment(
    frame: Frame,
    products: Mapping[str, Mapping[Key, WrittenProduct]],
    findings: Findings,
    resolve_one: ResolveDomain | None = None,
) -> EnvironmentPlan | None:
    """Return the plan of one environment, given the valid products by domain; None, with findings, if it is invalid.

    `resolve_one` may know some domains from earlier calls.
    """
    one = resolve_one or resolve_domain
    domains = [
        scope
        for name in sorted(filter(frame.site.has, frame.inputs.sources.domains))
        if (scope := one(frame, name, products[name], findings))
    ]
    scopes_ = (*frame.shared.values(), *domains)
    check_owners((one for scope in scopes_ for one in external_databases(scope.placed)), findings)
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
    merged = scopes.platform_merged(inputs.registry, environment.scale, layers)
    manifest = _without_slots(inputs.registry, PlatformManifest, merged, findings)
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
    place = Place(settings, PLATFORM, settings.environment.platform_namespace, manifest.placement)
    names = domains_in(inputs.sources, document, environment.metadata.name)
    check_read(inputs.sources, inputs.references, names, overrides, settings.environment.name, findings)
    domains = domains_served(inputs.sources, names, overrides)
    layered = semantic_layers(merged, inputs.sources, names, document)
    kept = kept_files(inputs.registry, environment.scale, layers, inputs.sources, document, names)
    served = products_served(inputs.references, names, overrides, layered, kept)
    placed = with_vending(instances.shared_instances(inputs.registry, merged, place, domains, served, findings))
    if elsewhere is None:
        placed += chart_instances(manifest.charts, merged, place, findings)
    else:
        placed = [one for one in placed if _is_everywhere(one)]
    check_components(placed, merged, environment, findings)
    check_environment(environment, settings, document, findings)
    platform = Scope(
        PLATFORM,
        settings.environment.platform_namespace,
        manifest.metadata.owner,
        merged,
        shared_quota(manifest),
        quota_growth(merged, (QUOTA, ("shared_services", *QUOTA))),
        merged.span(("shared_services", "quota") if manifest.shared_services.quota else ("quota",))
        or document.span(("scale",)),
        tuple(with_databases(inputs.registry, placed, findings)),
        chart_uses(placed, merged),
    )
    on_nodes = Place(settings, NODES, namespace_name(environment, NODES), manifest.placement)
    nodes = _nodes(inputs, manifest, merged, on_nodes, domains, environment, document, findings)
    every = (*platform.placed, *(nodes.placed if nodes else ()))
    if elsewhere is None and not inputs.sources.unlimited:
        check_limits(inputs.limits, manifest, every, merged, findings)
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
        platform,
        nodes,
        manifest,
        version,
        served,
        complete,
        with_elsewhere(capabilities.provided(platform.placed), elsewhere or ()),
        elsewhere or (),
    )


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


def _without_slots(registry: Registry, model: type[Model], merged: Merged, findings: Findings) -> Model | None:
    """Return the model of the merged data, less the slots that its documents may fill."""
    scope: Literal["domain"] | None = None if model is PlatformManifest else "domain"
    paths = [slot_path(slot) for slot in slots.slots(registry, scope)]
    data = slots.without(merged.data, [*paths, *{path[:1] for path in paths if len(path) > 1}])
    return validate(model, Merged(data, merged.origins), (), findings)


def resolve_domain(frame: Frame, name: str, valid: Mapping[Key, WrittenProduct], findings: Findings) -> Scope | None:
    """Return a domain of an environment, given its products whose own files are valid.

    None if the domain does not exist or, with the findings added, if it is invalid. It follows from the manifests, from
    what the environment says of all domains and of this one, and from its own documents: `explain` knows it from these.
    """
    inputs, settings = frame.inputs, frame.settings
    source: DomainSource = inputs.sources.domains[name]
    own = scopes.domain_layers(source, frame.document, name)
    check_locks(inputs.manifests.data, inputs.locks, own, findings, source.products.values())
    inherited = inherited_layers(frame.layers, inputs.sources, frame.document, name)
    merged = scopes.domain_merged(inputs.registry, frame.environment.scale, inherited, own)
    domain = _without_slots(inputs.registry, Domain, merged, findings)
    if domain is None or not scopes.exists_in(own, settings.environment.name) or not frame.site.has(name):
        return None
    check_texts(source.documents(), settings, findings)
    check_approved(frame.manifest.domain_policy, domain, merged, source, findings)
    written = products_in(frame.overrides, name, source, valid, findings)
    if not inputs.sources.unlimited:
        domain_policy.check_domain(frame.manifest, frame.platform.merged, inputs.limits, own[0], merged, findings)
        check_charts(frame.manifest, frame.platform.merged, own[0], merged, findings)
        domain_policy.check_products(frame.manifest, frame.platform.merged, written, findings)
    written = with_shared(domain.steps, merged, written, findings)
    products = [one.product for one in written]
    if not inputs.sources.unlimited:
        check_product_limits(inputs.limits, written, findings)
    if settings.environment.production:
        instances.check_images(products, findings)
        instances.check_layer_image(merged, findings)
    namespace = namespace_name(frame.environment, name)
    place = Place(settings, name, namespace, domain.placement or Placements())
    models = tuple(ModelFile(one, to_yaml(document.data)) for one, document in sorted(source.models.items()))
    invalid = {one for one in source.products if (name, one) not in valid}
    placed = [
        *instances.domain_instances(inputs.registry, merged, place, products, findings, models, invalid),
        *chart_instances(domain.charts, merged, place, findings),
    ]
    check_served(source, merged, findings)
    check_platform_settings(placed, own, findings)
    check_components(placed, merged, frame.environment, findings, source.document.file)
    check_products(written, settings, frame.environment, findings)
    check_triggers(written, findings)
    if not inputs.sources.unlimited:
        check_limits(inputs.limits, domain, placed, merged, findings)
    return Scope(
        name,
        namespace,
        domain.metadata.owner,
        merged,
        domain.quota or Quota(),
        quota_growth(merged, (QUOTA,), frame.manifest.domain_policy.quota),
        merged.span(QUOTA) or frame.platform.merged.span((*domain_policy.POLICY, *QUOTA)),
        tuple(with_databases(inputs.registry, placed, findings)),
        chart_uses(placed, merged, domain_limits(frame.manifest)),
    )


def connect(
    frame: Frame, scope: Scope, platform: tuple[Capability, ...], findings: Findings, *, complete: bool = True
) -> ResolvedUnit:
    """Return the unit of a scope: its components with the capabilities they require, from it or the platform.

    `complete` is false if components are missing because their settings are invalid.
    """
    own = capabilities.provided(scope.placed)
    contexts = []
    for component, instance in scope.placed:
        context, unmet = capabilities.context((component, instance), own, platform, frame.elsewhere)
        needed = [one for one in unmet if not one.optional and not one.many]
        if complete:
            placed = (*frame.platform.placed, *scope.placed)
            capabilities.check_provided(instance, needed, placed, findings)
        # A requirement may be unmet only because of another error.
        check_noticed(component, instance, (one for one, _ in scope.placed), findings)
        if not (needed if complete else unmet):
            check_refusals(component, context, scope.merged, findings)
        contexts.append((component, context))
    check_place(scope.placed, frame.settings, scope.merged, findings)
    if scope.name == PLATFORM and complete:
        check_store_logins(frame.settings, platform, frame.served, scope.merged, findings)
    return ResolvedUnit(
        settings=frame.settings,
        scope=scope.name,
        namespace=scope.namespace,
        owner=scope.owner,
        contexts=tuple(contexts),
        quota=scope.quota,
        quota_origin=scope.quota_origin,
        quota_growth=scope.quota_growth,
        pull_secret_origin=frame.platform.merged.span(("images", "pull_secret")),
        external_databases=external_databases(scope.placed),
        charts=scope.charts,
    )
