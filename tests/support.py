"""Helpers that several tests share: plans made by hand, and rendered objects as readable text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from msgspec.structs import replace

from floe_compiler.declare import declare
from floe_compiler.derive import plan_units
from floe_compiler.kit.waves import start_order
from floe_compiler.model.capabilities import Capability
from floe_compiler.model.data_access import ServedProduct
from floe_compiler.model.facts import Parts
from floe_compiler.model.inputs import Environment, PlatformManifest, Quota
from floe_compiler.model.objects import Object, ObjectSet, identify
from floe_compiler.model.plan import Component, Context, Instance, Product, ResolvedUnit, scope_name
from floe_compiler.model.settings import Settings
from floe_compiler.model.yaml_text import to_yaml
from floe_compiler.resolve.settings import environment_settings
from floe_compiler.synthesize.python_constructs import objects_of
from floe_compiler.synthesize.unit import Unit, render_unit

NOTHING: Mapping[str, Any] = MappingProxyType({})


def settings_of(name: str, platform: Mapping[str, Any], **environment: Any) -> Settings:
    """Return the settings of the environment `name` of a platform called acme: the inputs' defaults, and these."""
    manifest = {
        "apiVersion": "floe.dev/v1",
        "kind": "PlatformManifest",
        "metadata": {"name": "acme", "version": "1.0.0", "owner": "team@acme.example"},
        "delivery": {"type": "argocd", "repository": "https://git.acme.example/data.git"},
        **platform,
    }
    document = {
        "apiVersion": "floe.dev/v1",
        "kind": "Environment",
        "metadata": {"name": name, "owner": "team@acme.example"},
        "cluster": {"name": f"acme-{name}"},
        "storage_class": "standard",
        **environment,
    }
    return environment_settings(Environment.model_validate(document), PlatformManifest.model_validate(manifest))


DEVELOPMENT = settings_of("dev", {"secrets": {"type": "generated"}})
PRODUCTION = settings_of(
    "prod", {"secrets": {"type": "external-secrets", "store": {"name": "vault"}}}, production=True, scale="heavy"
)


def changed(
    settings: Settings,
    *,
    platform: Mapping[str, Any] = NOTHING,
    environment: Mapping[str, Any] = NOTHING,
    cluster: Mapping[str, Any] = NOTHING,
) -> Settings:
    """Return the settings with some of them changed."""
    return replace(
        settings,
        platform=replace(settings.platform, **platform),
        environment=replace(settings.environment, **environment),
        cluster=replace(settings.cluster, **cluster),
    )


def context_of(
    component: Component[Any],
    config: Mapping[str, Any] | None = None,
    *,
    settings: Settings = DEVELOPMENT,
    capabilities: Iterable[Capability] = (),
    scope: str = "platform",
    products: Iterable[Product] = (),
    domains: tuple[str, ...] = (),
    served: Iterable[ServedProduct] = (),
    file_users: Iterable[ServedProduct] = (),
    databases: tuple[str, ...] = (),
) -> Context[Any]:
    """Return the context in which `component` is built, configured by its profile of the scale and then `config`."""
    values = {**component.profiles.get(settings.environment.scale, {}), **(config or {})}
    namespace = f"floe-{scope_name(scope)}"
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
        served=tuple(served),
        file_users=tuple(file_users),
        databases=databases,
    )
    return Context(instance, tuple(capabilities))


def unit_of(component: Component[Any], context: Context[Any]) -> Unit:
    """Return the namespace rendered with this one component in it."""
    return units_of((component, context))


def units_of(*contexts: tuple[Component[Any], Context[Any]]) -> Unit:
    """Return one namespace rendered with several components in it, which know of each other what they declare."""
    instance = contexts[0][1].instance
    unit = ResolvedUnit(
        settings=instance.settings,
        scope=instance.scope,
        namespace=instance.namespace,
        owner="team@acme.example",
        contexts=contexts,
        quota=Quota(),
    )
    (plan,) = plan_units([declare(unit, objects_of)])
    return render_unit(plan)


def starts_after(parts: Parts, namespace: str = "floe-platform") -> set[tuple[str, str]]:
    """Return pairs of workloads and tasks of one component: the first starts after the second."""
    return {*start_order(namespace, parts.workloads, parts.tasks, [pods.name for pods in parts.operated])}


def as_text(objects: Iterable[Object]) -> str:
    """Return objects as one readable YAML stream, in the order in which they would be written."""
    return "---\n".join(to_yaml(manifest) for manifest in ObjectSet.of(objects))


def contributed(objects: Iterable[Object], without: Iterable[Object]) -> str:
    """Return as readable YAML what is among `objects` and not among those `without` something: whole ones, and parts.

    What tells an object or an item of a list from others (its kind, its name) stays with its parts.
    """
    before = {identify(manifest): manifest for manifest in without}
    changed = [
        _added(before.get(identify(manifest)), manifest)
        for manifest in ObjectSet.of(objects)
        if manifest != before.get(identify(manifest))
    ]
    return "---\n".join(to_yaml(manifest) for manifest in changed)


def _added(before: Any, after: Any) -> Any:
    if isinstance(before, dict) and isinstance(after, dict):
        telling = {"apiVersion", "kind", "name", *(("metadata",) if "apiVersion" in after else ())}
        fields = {key: value for key, value in after.items() if key in telling or before.get(key) != value}
        parts = {key: _added(before.get(key), value) for key, value in fields.items()}
        return {key: value for key, value in parts.items() if value != {}}
    if isinstance(before, list) and isinstance(after, list):
        return [_added(_namesake(item, before), item) for item in after if item not in before]
    return after


def _namesake(item: Any, items: list[Any]) -> Any:
    """Return the item of a list that has the name of `item`, if they have names."""
    namesakes = (
        candidate
        for candidate in items
        if isinstance(item, dict) and "name" in item and candidate.get("name") == item["name"]
    )
    return next(namesakes, None)
