"""The plan of one environment: layers merged, components chosen and connected."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from floe_compiler.model.capabilities import Capability
from floe_compiler.model.diagnostics import Findings, Related, did_you_mean
from floe_compiler.model.document import DataPath, Document
from floe_compiler.model.inputs import Domain, Environment, GeneratedSecrets, Placements, PlatformManifest, Quota
from floe_compiler.model.plan import PLATFORM, EnvironmentPlan, Product, ResolvedUnit, Settings
from floe_compiler.model.sources import DomainSource, Sources
from floe_compiler.model.span import Span
from floe_compiler.resolve import capabilities, instances, scopes, slots
from floe_compiler.resolve.capabilities import Placed
from floe_compiler.resolve.databases import check_owners, with_databases
from floe_compiler.resolve.instances import Place
from floe_compiler.resolve.layers import Layer, Merged
from floe_compiler.resolve.locks import check_locks
from floe_compiler.resolve.namespaces import namespace_name
from floe_compiler.resolve.products import Key, source_of
from floe_compiler.resolve.refusals import check_refusals
from floe_compiler.resolve.rules import NO_SECRET_STORE, UNKNOWN_REFERENCE
from floe_compiler.resolve.slots import Registry, slot_path
from floe_compiler.resolve.validation import Model, validate


@dataclass(frozen=True, slots=True)
class Inputs:
    """What the resolution of every environment starts from."""

    sources: Sources
    registry: Registry
    products: Mapping[Key, Product]
    locks: Mapping[DataPath, int]


@dataclass(frozen=True, slots=True)
class Scope:
    """A namespace on the way to its plan."""

    name: str
    namespace: str
    owner: str
    merged: Merged
    quota: Quota
    quota_origin: Span
    placed: tuple[Placed, ...]


def resolve_environment(
    inputs: Inputs, environment: Environment, document: Document, findings: Findings
) -> EnvironmentPlan | None:
    """Return the plan of one environment; None, with the findings added, if it can have none."""
    layers = scopes.platform_layers(inputs.sources.manifest, document)
    check_locks(inputs.sources.manifest, inputs.locks, layers[1:], findings)
    _check_domain_names(inputs.sources, document, findings)
    merged = scopes.platform_merged(inputs.registry, environment.scale, layers)
    slots.check_groups(inputs.registry, merged, findings)
    manifest = _without_slots(inputs.registry, PlatformManifest, merged, findings)
    if manifest is None:
        return None
    settings = _settings(environment, manifest)
    _check_secrets(environment, manifest, merged, findings)
    domains = [
        scope
        for name in sorted(inputs.sources.domains)
        if (scope := _domain(inputs, environment, document, settings, layers, name, findings))
    ]
    _check_domains_read(inputs.sources, document, settings, domains, findings)
    place = Place(settings, PLATFORM, settings.platform_namespace, manifest.placement)
    with_products = tuple(scope.name for scope in domains if any(instance.products for _, instance in scope.placed))
    placed = instances.shared_instances(inputs.registry, merged, place, with_products, findings)
    by_scale = document.span(("scale",))
    platform = Scope(
        PLATFORM,
        settings.platform_namespace,
        manifest.metadata.owner,
        merged,
        _shared_quota(manifest),
        merged.span(("shared_services", "quota") if manifest.shared_services.quota else ("quota",)) or by_scale,
        tuple(with_databases(inputs.registry, placed, findings)),
    )
    check_owners([one for scope in (platform, *domains) for one in scope.placed], findings)
    # A slot that could not be filled provides nothing: what others lack because of that is no further error.
    complete = not findings.failed
    units = _units([platform, *domains], settings, findings, complete=complete)
    if not complete:
        return None
    version = merged.span(("kubernetes", "version"))
    return EnvironmentPlan(settings, environment.cluster, manifest.delivery, units, version)


def _check_domains_read(
    sources: Sources, environment: Document, settings: Settings, domains: list[Scope], findings: Findings
) -> None:
    """Complain of products that read a product of a domain which the environment does not have.

    A domain that is wrong itself is there all the same: what is wrong with it is told elsewhere.
    """
    absent = {
        name
        for name, source in sources.domains.items()
        if not scopes.exists_in(scopes.domain_layers(source, environment, name), settings.environment)
    }
    products = [one for scope in domains for _, instance in scope.placed for one in instance.products]
    for product in products:
        document = sources.domains[product.domain].products[product.name]
        for index, declared in enumerate(product.spec.inputs):
            domain, name = source_of(product, declared)
            if domain in absent:
                findings.add(
                    UNKNOWN_REFERENCE,
                    f'environment "{settings.environment}" has no domain "{domain}", whose product "{name}" is read',
                    document.span(("inputs", index)),
                    hint=f"add {settings.environment} to the domain's `environments`",
                    related=[Related(sources.domains[domain].document.span(("environments",)), "where it exists")],
                )


def _without_slots(registry: Registry, model: type[Model], merged: Merged, findings: Findings) -> Model | None:
    """Return the model of the merged data, less the slots that its documents may fill."""
    scope: Literal["domain"] | None = None if model is PlatformManifest else "domain"
    paths = [slot_path(slot) for slot in slots.slots(registry, scope)]
    data = slots.without(merged.data, [*paths, *{path[:1] for path in paths if len(path) > 1}])
    return validate(model, Merged(data, merged.origins), (), findings)


def _shared_quota(manifest: PlatformManifest) -> Quota:
    """Return the quota of the shared services: what is said of it alone, over that of every namespace."""
    own = manifest.shared_services.quota
    return manifest.quota.model_copy(update=own.model_dump(exclude_unset=True)) if own else manifest.quota


def _settings(environment: Environment, manifest: PlatformManifest) -> Settings:
    return Settings(
        environment=environment.metadata.name,
        platform=manifest.metadata.name,
        version=manifest.metadata.version,
        production=environment.production,
        kubernetes_version=manifest.kubernetes.version,
        cluster_domain=manifest.kubernetes.cluster_domain,
        storage_class=environment.storage_class,
        scale=environment.scale,
        delivery=manifest.delivery.type,
        registry=manifest.images.registry,
        mirrors=dict(sorted(manifest.images.mirrors.items())),
        pull_secret=manifest.images.pull_secret or "",
        secrets=manifest.secrets,
        platform_namespace=namespace_name(environment, PLATFORM),
        ingress_namespace=environment.cluster.ingress_namespace or "",
        api_server_cidr=environment.cluster.api_server_cidr,
        nodes=environment.cluster.nodes,
    )


def _check_secrets(environment: Environment, manifest: PlatformManifest, merged: Merged, findings: Findings) -> None:
    if environment.production and isinstance(manifest.secrets, GeneratedSecrets):
        message = f'environment "{environment.metadata.name}" is production, but its secrets are generated'
        findings.add(NO_SECRET_STORE, message, merged.span(("secrets", "type")), hint="use type external-secrets")


def _check_domain_names(sources: Sources, document: Document, findings: Findings) -> None:
    for name in document.data.get("domains") or {}:
        if name not in sources.domains:
            findings.add(
                UNKNOWN_REFERENCE,
                f'there is no domain "{name}"',
                document.key_span(("domains", name)),
                hint=did_you_mean(name, sources.domains),
            )


def _domain(
    inputs: Inputs,
    environment: Environment,
    document: Document,
    settings: Settings,
    platform: Iterable[Layer],
    name: str,
    findings: Findings,
) -> Scope | None:
    source: DomainSource = inputs.sources.domains[name]
    own = scopes.domain_layers(source, document, name)
    check_locks(inputs.sources.manifest, inputs.locks, own, findings)
    merged = scopes.domain_merged(inputs.registry, environment.scale, platform, own)
    domain = _without_slots(inputs.registry, Domain, merged, findings)
    if domain is None or not scopes.exists_in(own, settings.environment):
        return None
    products = [inputs.products[name, one] for one in sorted(source.products) if (name, one) in inputs.products]
    if settings.production:
        instances.check_images(products, source.products, findings)
    namespace = namespace_name(environment, name)
    place = Place(settings, name, namespace, domain.placement or Placements())
    placed = instances.domain_instances(inputs.registry, merged, place, products, findings)
    return Scope(
        name,
        namespace,
        domain.metadata.owner,
        merged,
        domain.quota or Quota(),
        merged.span(("quota",)) or document.span(("scale",)),
        tuple(with_databases(inputs.registry, placed, findings)),
    )


def _units(scopes_: list[Scope], settings: Settings, findings: Findings, *, complete: bool) -> tuple[ResolvedUnit, ...]:
    """Connect the instances of all scopes, and return the unit of each; `complete` if no instance is missing."""
    platform = capabilities.provided(scopes_[0].placed)
    return tuple(_unit(scope, settings, platform, findings, complete=complete) for scope in scopes_)


def _unit(
    scope: Scope, settings: Settings, platform: tuple[Capability, ...], findings: Findings, *, complete: bool
) -> ResolvedUnit:
    own = platform if scope.name == PLATFORM else capabilities.provided(scope.placed)
    contexts = []
    for component, instance in scope.placed:
        context, unmet = capabilities.context((component, instance), own, platform)
        needed = [one for one in unmet if not one.optional and not one.many]
        if complete:
            capabilities.check_provided(instance, needed, findings)
        # What is unmet may only be missing because something else is wrong.
        if not (needed if complete else unmet):
            check_refusals(component, context, scope.merged, findings)
        contexts.append((component, context))
    return ResolvedUnit(
        settings=settings,
        scope=scope.name,
        namespace=scope.namespace,
        owner=scope.owner,
        contexts=tuple(contexts),
        quota=scope.quota,
        quota_origin=scope.quota_origin,
    )
