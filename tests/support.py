"""Helpers that several tests share: plans made by hand, and rendered objects as readable text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from floe_compiler.kit.waves import start_order
from floe_compiler.model.capabilities import Capability
from floe_compiler.model.facts import Parts
from floe_compiler.model.inputs import ExternalSecrets, GeneratedSecrets, Quota, StoreReference
from floe_compiler.model.objects import Object, ObjectSet, identify
from floe_compiler.model.plan import Component, Context, Instance, Product, Settings, UnitPlan
from floe_compiler.model.yaml_text import to_yaml
from floe_compiler.synthesize.unit import Unit, render_unit

DEVELOPMENT = Settings(
    environment="dev",
    platform="acme",
    version="1.0.0",
    secrets=GeneratedSecrets(type="generated"),
    platform_namespace="floe-platform",
)
PRODUCTION = Settings(
    environment="prod",
    platform="acme",
    version="1.0.0",
    production=True,
    scale="heavy",
    secrets=ExternalSecrets(type="external-secrets", store=StoreReference(name="vault")),
    platform_namespace="floe-platform",
)


def context_of(
    component: Component[Any],
    config: Mapping[str, Any] | None = None,
    *,
    settings: Settings = DEVELOPMENT,
    found: Iterable[Capability] = (),
    scope: str = "platform",
    products: Iterable[Product] = (),
    domains: tuple[str, ...] = (),
    databases: tuple[str, ...] = (),
) -> Context[Any]:
    """Return the context in which `component` is built, configured by its profile of the scale and then `config`."""
    values = {**component.profiles.get(settings.scale, {}), **(config or {})}
    namespace = "floe-platform" if scope == "platform" else f"floe-{scope}-domain"
    instance = Instance(
        slot=component.slot,
        type=component.type,
        name=component.name or component.type,
        scope=scope,
        namespace=namespace,
        config=component.config.model_validate({"type": component.type, **values}),
        settings=settings,
        products=tuple(products),
        domains=domains,
        databases=databases,
    )
    return Context(instance, tuple(found))


def unit_of(component: Component[Any], context: Context[Any]) -> Unit:
    """Return the namespace rendered with this one component in it."""
    instance = context.instance
    plan = UnitPlan(
        settings=instance.settings,
        scope=instance.scope,
        namespace=instance.namespace,
        owner="team@acme.example",
        contexts=((component, context),),
        quota=Quota(),
    )
    return render_unit(plan)


def starts_after(parts: Parts, namespace: str = "floe-platform") -> set[tuple[str, str]]:
    """Return pairs of workloads and tasks of one component: the first starts after the second."""
    return {*start_order(namespace, parts.workloads, parts.tasks)}


def as_text(objects: Iterable[Object]) -> str:
    """Return objects as one readable YAML stream, in the order in which they would be written."""
    return "---\n".join(to_yaml(one) for one in ObjectSet.of(objects))


def contributed(objects: Iterable[Object], without: Iterable[Object]) -> str:
    """Return as readable YAML what is among `objects` and not among those `without` something: whole ones, and parts.

    What tells an object or an item of a list from others (its kind, its name) stays with its parts.
    """
    before = {identify(one): one for one in without}
    found = [
        _added(before.get(identify(one)), one) for one in ObjectSet.of(objects) if one != before.get(identify(one))
    ]
    return "---\n".join(to_yaml(one) for one in found)


def _added(before: Any, after: Any) -> Any:
    if isinstance(before, dict) and isinstance(after, dict):
        telling = {"apiVersion", "kind", "name", *(("metadata",) if "apiVersion" in after else ())}
        kept = {key: value for key, value in after.items() if key in telling or before.get(key) != value}
        parts = {key: _added(before.get(key), value) for key, value in kept.items()}
        return {key: value for key, value in parts.items() if value != {}}
    if isinstance(before, list) and isinstance(after, list):
        return [_added(_namesake(one, before), one) for one in after if one not in before]
    return after


def _namesake(one: Any, others: list[Any]) -> Any:
    """Return the item of a list that has the name of `one`, if they have names."""
    same = (other for other in others if isinstance(one, dict) and "name" in one and other.get("name") == one["name"])
    return next(same, None)
