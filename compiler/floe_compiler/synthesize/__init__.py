"""Plan -> ObjectSet: components' facts become objects, in a cdk8s App and Chart for each namespace."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from floe_compiler.kit import secret_stores
from floe_compiler.kit.secret_stores import NotGeneratable
from floe_compiler.model.clusters import cluster_identity
from floe_compiler.model.diagnostics import Findings, Related, Rule
from floe_compiler.model.inputs import GeneratedSecrets
from floe_compiler.model.objects import DuplicateObject, Object, ObjectId, ObjectSet, identify
from floe_compiler.model.plan import EnvironmentPlan
from floe_compiler.model.rendered import VERSION, ExistingSecret, Rendered
from floe_compiler.model.secrets import SecretConflict
from floe_compiler.synthesize.charts import chart_of, unit_chart
from floe_compiler.synthesize.construct_tree import ChartInput, build_charts
from floe_compiler.synthesize.delivery import delivery_objects
from floe_compiler.synthesize.unit import Unit, render_unit, secret_user

NO_SOURCE = Rule(
    "S001",
    "secret without a source",
    "The environment makes its secrets up inside the cluster, but nothing can make this one up: its value is given "
    "by another system. Use `secrets: {type: external-secrets}` there, or a component that needs no such secret.",
)
SECRET_CLASH = Rule(
    "S003",
    "secret with two meanings",
    "Two parts of a namespace use one secret's name for different secrets: of another owner, type or place in the "
    "store. Rename the one that the inputs name.",
)
TWICE = Rule(
    "S002",
    "object rendered twice",
    "Two parts of a namespace render the same object, of which a cluster would keep only one. Mostly a data product or "
    "a server is called as something else there already is: give it another name.",
)


def synthesize(plans: Sequence[EnvironmentPlan]) -> tuple[Rendered, ...]:
    """Return the rendered environments, in the order of their plans.

    Raises StageFailed with every secret that has no source, every object rendered twice, and what cdk8s refuses.
    """
    findings = Findings()
    units = [units_of(plan, findings) for plan in plans]
    findings.finish()
    charts = [chart for plan, found in zip(plans, units, strict=True) for chart in _charts(plan, found)]
    built = iter(build_charts(charts))
    objects: dict[str, list[Object]] = {plan.settings.environment: [] for plan in plans}
    for chart in charts:
        objects[chart.environment] += next(built)
    rendered = [
        _rendered(plan, found, objects[plan.settings.environment], findings)
        for plan, found in zip(plans, units, strict=True)
    ]
    findings.finish()
    return tuple(one for one in rendered if one)


def units_of(plan: EnvironmentPlan, findings: Findings) -> list[Unit]:
    """Return the rendered namespaces of an environment.

    A secret without a source or with two meanings is a finding, and so is an object that is rendered twice.
    """
    found: list[Unit] = []
    for unit in plan.units:
        try:
            found.append(render_unit(unit))
            _check_twice(found[-1], findings)
        except NotGeneratable as error:
            user = secret_user(unit, error.secret)
            findings.add(
                NO_SOURCE,
                f"secret {error.secret.name} ({', '.join(error.keys)}) of {unit.namespace} can only come from a store, "
                f"but environment {plan.settings.environment} generates its secrets",
                user.origin if user else None,
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
    return found


def _check_twice(unit: Unit, findings: Findings) -> None:
    times = Counter(identify(one, unit.plan.namespace) for one in unit.objects)
    for identity in sorted(identity for identity, count in times.items() if count > 1):
        places = sorted({place for name, place in unit.origins if name == str(identity)})
        findings.add(
            TWICE,
            f"{identity} is rendered twice",
            places[0] if places else None,
            subject=f"{unit.plan.settings.environment}: {identity}",
            hint="give the data product or the server that it is for another name",
            related=[Related(place, "and for this") for place in places[1:]],
        )


def _charts(plan: EnvironmentPlan, units: Sequence[Unit]) -> list[ChartInput]:
    whole = (*_shared_stores(plan, units), *delivery_objects(plan))
    return [
        *(unit_chart(unit.plan.settings, unit.plan.namespace, unit) for unit in units),
        chart_of(plan.settings, whole),
    ]


def _shared_stores(plan: EnvironmentPlan, units: Sequence[Unit]) -> Iterable[Object]:
    """Return the stores through which namespaces read the generated secrets of others."""
    if not isinstance(plan.settings.secrets, GeneratedSecrets):
        return ()
    readers: dict[str, dict[str, set[str]]] = {}
    for unit in units:
        for secret in unit.secrets:
            if secret.owner != unit.plan.namespace and not secret.existing:
                readers.setdefault(secret.owner, {}).setdefault(secret.name, set()).add(unit.plan.namespace)
    return [
        manifest
        for owner, secrets in sorted(readers.items())
        for manifest in secret_stores.shared_store(plan.settings, owner, set().union(*secrets.values()), secrets)
    ]


def _rendered(
    plan: EnvironmentPlan, units: Sequence[Unit], objects: list[Object], findings: Findings
) -> Rendered | None:
    settings = plan.settings
    try:
        found = ObjectSet.of(objects)
    except DuplicateObject as error:
        findings.add(TWICE, f"{settings.environment}: {error.identity} is rendered twice", hint="rename one of the two")
        return None
    return Rendered(
        environment=settings.environment,
        objects=found,
        cluster=cluster_identity(plan.cluster),
        cluster_name=plan.cluster.name,
        production=settings.production,
        kubernetes_version=settings.kubernetes_version,
        cluster_domain=settings.cluster_domain,
        image_registries=(settings.registry, *settings.mirrors.values()) if settings.mirrors else (),
        connections=frozenset().union(*(unit.connections for unit in units)),
        launched=frozenset().union(*(unit.launched for unit in units)),
        exceptions=frozenset().union(*(unit.exceptions for unit in units)),
        ingress_groups=frozenset().union(*(unit.ingress_groups for unit in units)),
        ingress_namespace=settings.ingress_namespace,
        existing_secrets=frozenset(
            ExistingSecret(unit.plan.namespace, secret.name, tuple(key.name for key in secret.keys), secret.type)
            for unit in units
            for secret in unit.secrets
            if secret.existing
        ),
        nodes=settings.nodes,
        delivery=_identities(delivery_objects(plan)),
        origins={
            **({VERSION: plan.version_origin} if plan.version_origin else {}),
            **{name: origin for unit in units for name, origin in unit.origins},
        },
    )


def _identities(objects: Iterable[Object]) -> frozenset[ObjectId]:
    return frozenset(identify(one) for one in objects)
