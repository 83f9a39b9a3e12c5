"""Component instances of one scope: the filled slots and their components."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from floe_compiler.model.data_access import ServedProduct
from floe_compiler.model.diagnostics import Findings
from floe_compiler.model.document import DataPath
from floe_compiler.model.images import is_image, parse_image
from floe_compiler.model.inputs import Placements
from floe_compiler.model.nested_fields import at
from floe_compiler.model.plan import NODES, Component, Instance, Product
from floe_compiler.model.semantic_models import ModelFile
from floe_compiler.model.settings import Settings
from floe_compiler.model.span import Span
from floe_compiler.resolve import slots
from floe_compiler.resolve.capabilities import Placed
from floe_compiler.resolve.layers import Merged
from floe_compiler.resolve.rules import MISSING_SLOT, MUTABLE_IMAGE
from floe_compiler.resolve.semantic_models import SLOT
from floe_compiler.resolve.slots import Registry, slot_path

ORCHESTRATOR = "orchestrator"
KUBERNETES = (ORCHESTRATOR, "kubernetes")
"""The component that runs products with `run_by: kubernetes`, beside the domain's own orchestrator."""


class Place(msgspec.Struct, frozen=True):
    """The namespace of instances, and the nodes that their pods run on."""

    settings: Settings
    scope: str
    namespace: str
    placement: Placements


def shared_instances(
    registry: Registry,
    merged: Merged,
    place: Place,
    domains: tuple[str, ...],
    served: tuple[ServedProduct, ...],
    findings: Findings,
) -> list[Placed]:
    """Return the instances of a scope that is of no domain.

    Args:
        registry: All components.
        merged: The layers of the scope.
        place: Its namespace.
        domains: The domains that have data products.
        served: These products, and what else of them has logins.
        findings: The errors are added here.
    """
    placed = []
    for slot in slots.slots(registry, "nodes" if place.scope == NODES else "platform"):
        filled = slots.configured(registry, slot, merged, findings)
        if filled:
            component, instance = _instance(*filled, merged, place)
            tables = tuple(login for login in served if not login.only_files)
            users = tuple(login for login in served if login.only_files)
            placed.append((component, replace(instance, domains=domains, served=tables, file_users=users)))
    return placed


def domain_instances(
    registry: Registry,
    merged: Merged,
    place: Place,
    products: Sequence[Product],
    findings: Findings,
    models: tuple[ModelFile, ...] = (),
    invalid: Collection[str] = (),
) -> list[Placed]:
    """Return the instances of a domain: its orchestrator with the products that it runs, and its other slots.

    `models` are those of its semantic layer. `invalid` are the names of its products in whose files there is an error:
    they are there, so nothing is wrong with what needs any.
    """
    by_kubernetes = tuple(product for product in products if product.spec.run_by == "kubernetes")
    orchestrated = tuple(product for product in products if product.spec.run_by != "kubernetes")
    placed = []
    for slot in slots.slots(registry, "domain"):
        filled = slots.configured(registry, slot, merged, findings)
        if filled and filled[0].key == KUBERNETES:
            orchestrated, by_kubernetes = (*orchestrated, *by_kubernetes), ()
        if filled:
            own = orchestrated if slot == ORCHESTRATOR else ()
            component, instance = _instance(*filled, merged, place, own)
            if slot == SLOT:
                names = {*(product.name for product in products), *invalid}
                tables = tuple(ServedProduct(place.scope, name) for name in sorted(names))
                instance = replace(instance, models=models, served=tables)
            placed.append((component, instance))
        elif slot == ORCHESTRATOR and orchestrated and at(merged.data, slot_path(slot)) is None:
            findings.add(
                MISSING_SLOT,
                f'domain "{place.scope}" has data products, but no orchestrator runs them',
                merged.span(("metadata", "name")),
                hint="set `orchestrator: {type: dagster}` in platform-manifest.yaml or in the domain",
            )
    if by_kubernetes:
        component = registry[KUBERNETES]
        config = component.config.model_validate(
            {"type": component.type, **component.profiles.get(place.settings.environment.scale, {})}
        )
        placed.append(_instance(component, config, merged, place, by_kubernetes))
    return placed


def _instance(
    component: Component[Any],
    config: Any,
    merged: Merged,
    place: Place,
    products: tuple[Product, ...] = (),
) -> Placed:
    return (
        component,
        Instance(
            slot=component.slot,
            type=component.type,
            name=component.name or component.type,
            scope=place.scope,
            namespace=place.namespace,
            config=config,
            settings=place.settings,
            products=products,
            settings_path=slot_path(component.slot),
            placement=place.placement,
            origin=_written(merged, slot_path(component.slot)),
        ),
    )


def _written(merged: Merged, path: DataPath) -> Span | None:
    """Return where a slot's type was chosen."""
    return merged.key_span((*path, "type"))


def check_images(products: Iterable[Product], findings: Findings) -> None:
    """Report products of production environments with a mutable image."""
    for product in products:
        _check_image(product.spec.image, product.spec.metadata.version, product.image_origin, findings)


def check_layer_image(merged: Merged, findings: Findings) -> None:
    """Report a semantic layer of a production environment with a mutable image; `merged` is that of its domain."""
    image = at(merged.data, (SLOT, "image"))
    if isinstance(image, str) and is_image(image):  # else told with the other settings of the component
        _check_image(image, "1.0.0", merged.span((SLOT, "image")), findings)


def _check_image(image: str, version: str, place: Span | None, findings: Findings) -> None:
    if (parsed := parse_image(image)).is_mutable:
        message = f'image "{image}" can change under a running platform'
        hint = f"name an exact version, such as {image.removesuffix(f':{parsed.tag}')}:{version}"
        findings.add(MUTABLE_IMAGE, message, place, hint=hint)
