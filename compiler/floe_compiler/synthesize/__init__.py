"""Renders the facts of each namespace as objects, in its own cdk8s App and Chart."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from msgspec.structs import replace

from floe_compiler.kit.images import pull_from
from floe_compiler.kit.secret_stores import NotGeneratable
from floe_compiler.model.clusters import cluster_identity
from floe_compiler.model.diagnostics import Findings, Rule
from floe_compiler.model.inputs import Cluster
from floe_compiler.model.not_secrets import KEY, values_of
from floe_compiler.model.objects import Object, ObjectId, ObjectSet, identify
from floe_compiler.model.plan import DeclaredUnit, DeliveryPlan, Product, UnitPlan
from floe_compiler.model.rendered import DELIVERY_UNIT, VERSION, ExistingSecret, OpenServer, Rendered
from floe_compiler.model.secret_ways import way_of
from floe_compiler.model.secrets import Secret, SecretConflict
from floe_compiler.model.settings import Settings
from floe_compiler.model.span import Span
from floe_compiler.model.unit_facts import interfaces_of
from floe_compiler.node.cdk8s_process import RunCdk8s, run_cdk8s
from floe_compiler.synthesize.charts import chart_of, unit_chart
from floe_compiler.synthesize.clashes import check_twice, secrets_not_for_steps
from floe_compiler.synthesize.construct_tree import build_charts
from floe_compiler.synthesize.unit import Unit, render_unit
from floe_compiler.synthesize.unit_secrets import secret_user

NO_SOURCE = Rule(
    "S001",
    "secret without a source",
    "The environment generates its secrets in the cluster, but this secret cannot be generated, as its value comes "
    "from another system. Use `secrets: {type: external-secrets}`, or a component that does not need such a secret.",
)
SECRET_CLASH = Rule(
    "S003",
    "conflicting secrets",
    "Two parts of a namespace use the same name for different secrets: their owner, type or path in the store differ. "
    "Rename the one that is named in the inputs.",
)


EXISTING = ("existing",)
ENCRYPTED = ("sealed-secrets", "sops")
"""The ways in which others create Secrets: somebody in the cluster, and hand-written files of the mesh."""


def synthesize(
    plans: Sequence[UnitPlan],
    clusters: Mapping[str, Cluster],
    deliveries: Sequence[DeliveryPlan] = (),
    cdk8s: RunCdk8s = run_cdk8s,
) -> tuple[Rendered, ...]:
    """Return the rendered units: those of the plans, then the delivery units of environments.

    Args:
        plans: The plans of units, which may be of several environments.
        clusters: The cluster of each environment.
        deliveries: The plans of the delivery units.
        cdk8s: Runs cdk8s.

    Raises StageFailed with every secret that has no source, every object rendered twice, and what cdk8s refuses.
    """
    findings = Findings()
    units = [(plan, unit) for plan in plans if (unit := _unit(plan, findings))]
    findings.finish()
    charts = [unit_chart(plan.unit.settings, plan.unit.namespace, unit) for plan, unit in units]
    if deliveries:
        from floe_compiler.synthesize.delivery import delivery_objects

        charts += [chart_of(plan.settings, delivery_objects(plan)) for plan in deliveries]
    built = build_charts(charts, cdk8s)
    return (
        *(
            _rendered(plan.unit, clusters[plan.unit.settings.site], unit, objects)
            for (plan, unit), objects in zip(units, built[: len(units)], strict=True)
        ),
        *(_delivery(plan, objects) for plan, objects in zip(deliveries, built[len(units) :], strict=True)),
    )


def _delivery(plan: DeliveryPlan, built: tuple[Object, ...]) -> Rendered:
    return replace(
        rendered_settings(plan.settings, plan.cluster),
        namespace=DELIVERY_UNIT,
        objects=ObjectSet.of(built),
        delivery=frozenset(identify(manifest) for manifest in built),
        origins={VERSION: plan.version_origin} if plan.version_origin else {},
    )


def _unit(plan: UnitPlan, findings: Findings) -> Unit | None:
    """Return a rendered namespace; None, with a finding, for a secret without a source or a name of two secrets."""
    unit = plan.unit
    if borrowed := tuple(secrets_not_for_steps(unit)):
        findings.extend(borrowed)
        return None
    try:
        rendered = render_unit(plan)
    except NotGeneratable as error:
        user = secret_user(unit, error.secret)
        # One setting may need the secret in many namespaces. It is one mistake, so the message names none of them.
        keys = f"({', '.join(error.keys)})" if user else "of images.pull_secret"
        findings.add(
            NO_SOURCE,
            f"secret {error.secret.name} {keys} can only come from a store, "
            f"but environment {unit.settings.environment.name} generates its secrets",
            user.origin if user else unit.pull_secret_origin,
            hint="give the environment `platform: {secrets: {type: external-secrets, store: ...}}`",
        )
    except SecretConflict as error:
        user = secret_user(unit, error.second)
        findings.add(
            SECRET_CLASH,
            f"secret {error.first.name} of {unit.namespace} belongs to {error.first.owner} "
            f"and to {error.second.owner}, as {error.first.type} and as {error.second.type}",
            user.origin if user else None,
            hint="give one of them another name",
        )
    else:
        check_twice(unit, rendered, findings)
        return rendered
    return None


def rendered_settings(settings: Settings, cluster: Cluster) -> Rendered:
    """Return the facts of an environment, without objects."""
    platform, trust = settings.platform, settings.trust
    return Rendered(
        environment=settings.site,
        objects=ObjectSet(),
        cluster=cluster_identity(cluster),
        cluster_name=settings.cluster.name,
        production=settings.environment.production,
        kubernetes_version=settings.cluster.kubernetes_version,
        cluster_domain=settings.cluster.domain,
        image_registries=(platform.registry, *platform.mirrors.values()) if platform.mirrors else (),
        ingress_namespace=settings.cluster.ingress_namespace,
        reach=settings.cluster.reach,
        existing_config_maps=frozenset({trust.config_map} if trust and not trust.rendered else ()),
        dns=settings.cluster.dns,
        mesh=settings.cluster.mesh,
        nodes=settings.cluster.nodes,
        delivery_tool=platform.delivery,
        decrypts=platform.decrypts,
    )


def _rendered(declared: DeclaredUnit, cluster: Cluster, unit: Unit, objects: tuple[Object, ...]) -> Rendered:
    return replace(
        rendered_settings(declared.settings, cluster),
        namespace=declared.namespace,
        objects=ObjectSet.of(objects),
        connections=unit.connections,
        launched=unit.launched,
        exceptions=unit.exceptions,
        ingress_groups=unit.ingress_groups,
        open_servers=frozenset(_open_servers(declared)),
        mesh_callers=unit.mesh_callers,
        existing_secrets=frozenset(_elsewhere(declared, unit.secrets, EXISTING)),
        encrypted_secrets=frozenset(_elsewhere(declared, unit.secrets, ENCRYPTED)),
        origins=dict((*unit.origins, *_secret_origins(declared, unit.secrets))),
        image_origins=_image_origins(declared),
        not_secrets=tuple(sorted({value for product in _products(declared) for value in _not_secrets(product)})),
    )


def _open_servers(unit: DeclaredUnit) -> Iterator[OpenServer]:
    """Yield the ports of interfaces that do not ask for a login."""
    for interface in (interface for declared in unit.instances for interface in interfaces_of(declared)):
        endpoint = interface.endpoint
        if endpoint.group and not interface.authenticates:
            yield OpenServer(endpoint.host.partition(".")[0], endpoint.group, endpoint.port().number)


def _elsewhere(unit: DeclaredUnit, secrets: Iterable[Secret], ways: Collection[str]) -> Iterator[ExistingSecret]:
    """Yield the secrets that get into a namespace in one of these ways."""
    for secret in secrets:
        way = way_of(unit.settings.platform, unit.scope, secret).type
        if way in ways:
            yield ExistingSecret(unit.namespace, secret.name, tuple(key.name for key in secret.keys), secret.type, way)


def _secret_origins(unit: DeclaredUnit, secrets: Iterable[Secret]) -> Iterator[tuple[str, Span]]:
    """Yield the location of each secret that people must encrypt: of the step that names it, or of its component."""
    named = dict(pair for product in _products(unit) for pair in product.secret_origins)
    for secret in secrets:
        if way_of(unit.settings.platform, unit.scope, secret).type in ENCRYPTED:
            user = secret_user(unit, secret)
            origin = named.get(secret.name) or (user.origin if user else unit.pull_secret_origin)
            if origin:
                yield str(ObjectId("", "Secret", unit.namespace, secret.name)), origin


def _products(unit: DeclaredUnit) -> Iterator[Product]:
    return (product for instance in unit.instances for product in instance.instance.products)


def _not_secrets(product: Product) -> Iterator[str]:
    if product.spec.not_secrets:
        yield from values_of(product.spec.model_dump(include={"steps", KEY}))


def _image_origins(unit: DeclaredUnit) -> Mapping[str, tuple[Span, ...]]:
    """Return where data products name their images, by the reference that pods have."""
    origins: dict[str, tuple[Span, ...]] = {}
    for product in _products(unit):
        image = pull_from(unit.settings, product.spec.image)
        if product.image_origin:
            origins[image] = tuple(dict.fromkeys((*origins.get(image, ()), product.image_origin)))
    return origins
