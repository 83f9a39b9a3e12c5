"""A domain in an environment: its layers merged, its products and components."""

from __future__ import annotations

from collections.abc import Mapping

from floe_compiler.model.diagnostics import Findings
from floe_compiler.model.inputs import Domain, Placements, Quota
from floe_compiler.model.nested_fields import at
from floe_compiler.model.semantic_models import ModelFile
from floe_compiler.model.sources import DomainSource
from floe_compiler.model.yaml_text import to_yaml
from floe_compiler.resolve import domain_policy, instances, scopes, slots
from floe_compiler.resolve.charts import chart_instances, chart_uses, check_charts, domain_limits
from floe_compiler.resolve.data_access import check_approved
from floe_compiler.resolve.databases import with_databases
from floe_compiler.resolve.domain_policy import QUOTA, quota_growth
from floe_compiler.resolve.domain_steps import with_shared
from floe_compiler.resolve.frame import Frame, Scope
from floe_compiler.resolve.instances import Place
from floe_compiler.resolve.known_parts import data_of, own_settings
from floe_compiler.resolve.limits import check_limits, check_product_limits
from floe_compiler.resolve.locks import check_locks
from floe_compiler.resolve.namespaces import namespace_name
from floe_compiler.resolve.product_overrides import DOMAINS, IMAGES
from floe_compiler.resolve.products import Key, WrittenProduct, products_in
from floe_compiler.resolve.reach import check_components, check_products
from floe_compiler.resolve.refusals import check_platform_settings
from floe_compiler.resolve.rollout import inherited_layers
from floe_compiler.resolve.scopes import without_slots
from floe_compiler.resolve.semantic_models import check_served
from floe_compiler.resolve.texts import check_texts
from floe_compiler.resolve.triggers import check_triggers


def resolve_domain(frame: Frame, name: str, valid: Mapping[Key, WrittenProduct], findings: Findings) -> Scope | None:
    """Return a domain of an environment, given its products whose own files are valid.

    None if the domain does not exist or, with the findings added, if it is invalid.
    """
    return frame.inputs.known_parts.get(
        (name, frame.site.name), lambda: _followed(frame, name), lambda: _resolved(frame, name, valid, findings)
    )


def _followed(frame: Frame, name: str) -> object:
    """Return all data that a domain follows from.

    Of slots that domains do not inherit, it only sees what the shared services provide, with which it is connected
    later.
    """
    sources, registry = frame.inputs.sources, frame.inputs.registry
    elsewhere = [slots.slot_path(slot) for slot in {*slots.slots(registry)} - {*slots.slots(registry, "domain")}]
    return (
        [slots.without(data, elsewhere) for data in data_of(frame.layers)],
        own_settings(frame.document),
        [document.data for document in sources.domains[name].documents()],
        at(frame.document.data, (DOMAINS, name)),
        at(frame.overrides.images.data, (IMAGES, name)) if frame.overrides.images else None,
    )


def _resolved(frame: Frame, name: str, valid: Mapping[Key, WrittenProduct], findings: Findings) -> Scope | None:
    inputs, settings = frame.inputs, frame.settings
    source: DomainSource = inputs.sources.domains[name]
    own = scopes.domain_layers(source, frame.document, name)
    check_locks(inputs.manifests.data, inputs.locks, own, findings, source.products.values())
    inherited = inherited_layers(frame.layers, inputs.sources, frame.document, name)
    merged = scopes.domain_merged(inputs.registry, frame.environment.scale, inherited, own)
    domain = without_slots(inputs.registry, Domain, merged, findings)
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
    products = [own_product.product for own_product in written]
    if not inputs.sources.unlimited:
        check_product_limits(inputs.limits, written, findings)
    if settings.environment.production:
        instances.check_images(products, findings)
        instances.check_layer_image(merged, findings)
    namespace = namespace_name(frame.environment, name)
    place = Place(settings, name, namespace, domain.placement or Placements())
    models = tuple(ModelFile(name, to_yaml(document.data)) for name, document in sorted(source.models.items()))
    invalid = {product for product in source.products if (name, product) not in valid}
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
