"""The layers of each scope - the platform's shared services, and every domain - merged, weakest first.

component default < scale profile < parents of the manifest < platform-manifest.yaml < its changes under `rollout`, for
the rings that they have reached < environment.yaml < domain.yaml < environment.yaml: domains.<name>
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from floe_compiler.model.diagnostics import Findings
from floe_compiler.model.document import Document
from floe_compiler.model.inputs import PlatformManifest, Scale
from floe_compiler.model.sources import DomainSource, Sources
from floe_compiler.resolve import slots
from floe_compiler.resolve.layers import Layer, Merged
from floe_compiler.resolve.slots import Registry, slot_path
from floe_compiler.resolve.validation import Model, validate

IDENTITY = ("apiVersion", "kind", "metadata", "extends", "locks", "limits", "accepted_warnings", "rollout")
"""The keys of the manifest that an environment cannot override, and that a child does not take over as defaults."""

INHERITED: tuple[tuple[str], ...] = (("quota",), ("placement",))
"""The settings that a domain inherits from the platform, besides the slots that are filled for each domain."""

PRODUCTS = "products"
"""The key of an environment's override of a domain that is about its data products."""

QUOTAS: Mapping[str, Mapping[str, Any]] = {
    "light": {"cpu": "4", "memory": "8Gi"},
    "medium": {"cpu": "8", "memory": "16Gi", "storage": "200Gi"},
    "heavy": {"cpu": "16", "memory": "32Gi", "storage": "1Ti"},
}
"""The quota of a namespace by scale (REQ-610), with room for the volumes of that scale."""

LARGEST: Mapping[str, Mapping[str, Any]] = {
    "light": {"cpu": "16", "memory": "32Gi"},
    "medium": {"cpu": "32", "memory": "64Gi", "storage": "800Gi"},
    "heavy": {"cpu": "64", "memory": "128Gi", "storage": "4Ti"},
}
"""The most that a domain may have by scale, unless `domain_policy` says otherwise: four times as much."""


def manifest_layers(sources: Sources) -> tuple[Layer, ...]:
    """Return the layers of the platform in all environments: the parents of the manifest, and the manifest."""
    parents = (
        (parent, {key: value for key, value in parent.data.items() if key not in IDENTITY})
        for parent in sources.parents
    )
    manifest = sources.manifest
    return (
        *(Layer(parent.file, data, parent) for parent, data in parents),
        Layer(manifest.file, manifest.data, manifest),
    )


def platform_layers(sources: Sources, environment: Document) -> tuple[Layer, ...]:
    """Return the layers of the platform: the manifests, and last the environment."""
    overrides = environment.data.get("platform") or {}
    return (*manifest_layers(sources), Layer(environment.file, overrides, environment, ("platform",)))


def domain_layers(source: DomainSource, environment: Document, name: str) -> tuple[Layer, Layer]:
    """Return the layers of a domain: its document and the environment."""
    written = (environment.data.get("domains") or {}).get(name) or {}
    overrides = {key: value for key, value in written.items() if key != PRODUCTS}
    return (
        Layer(source.document.file, source.document.data, source.document),
        Layer(environment.file, overrides, environment, ("domains", name)),
    )


def exists_in(domain: Iterable[Layer], environment: str) -> bool:
    """Return whether a domain exists in an environment, by its own layers; one that names no environment is in all."""
    written = [layer.data["environments"] for layer in domain if "environments" in layer.data]
    return not written or written[-1] is None or environment in written[-1]


def platform_merged(registry: Registry, scale: Scale, layers: Iterable[Layer]) -> Merged:
    """Return the platform's settings, over the profiles of the components that they choose."""
    return slots.with_profiles(registry, slots.slots(registry), scale, [_by_scale(scale), _largest(scale), *layers])


def domain_merged(registry: Registry, scale: Scale, platform: Iterable[Layer], domain: Iterable[Layer]) -> Merged:
    """Return a domain's settings: what it inherits from the platform, and its own."""
    names = slots.slots(registry, "domain")
    paths = [*(slot_path(slot) for slot in names), *INHERITED]
    inherited = [
        Layer(layer.name, slots.pick(layer.data, paths), layer.document, layer.prefix)
        for layer in (_by_scale(scale), *platform)
    ]
    return slots.with_profiles(registry, names, scale, [*inherited, *domain])


def without_slots(registry: Registry, model: type[Model], merged: Merged, findings: Findings) -> Model | None:
    """Return the model of the merged data, less the slots that its documents may fill."""
    scope: Literal["domain"] | None = None if model is PlatformManifest else "domain"
    paths = [slot_path(slot) for slot in slots.slots(registry, scope)]
    data = slots.without(merged.data, [*paths, *{path[:1] for path in paths if len(path) > 1}])
    return validate(model, Merged(data, merged.origins), (), findings)


def _largest(scale: Scale) -> Layer:
    return Layer(f"scale {scale}", {"domain_policy": {"quota": LARGEST[scale]}})


def _by_scale(scale: Scale) -> Layer:
    return Layer(f"scale {scale}", {"quota": QUOTAS[scale]})
