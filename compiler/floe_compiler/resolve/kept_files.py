"""What components of domains keep in the object store besides tables, before the domains are resolved.

The store is of the platform, which is resolved first, and makes a login for each user of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from floe_compiler.model.data_access import KeptFiles, ServedProduct, StoreFolder, product_namespace
from floe_compiler.model.diagnostics import Unread
from floe_compiler.model.document import Document
from floe_compiler.model.inputs import Scale
from floe_compiler.model.nested_fields import at
from floe_compiler.model.sources import Sources
from floe_compiler.resolve import scopes, slots
from floe_compiler.resolve.layers import Layer
from floe_compiler.resolve.rollout import inherited_layers
from floe_compiler.resolve.slots import Registry, slot_path

Kept = Mapping[str, tuple[KeptFiles, ...]]
"""What the components of each domain keep."""


def kept_files(
    registry: Registry,
    scale: Scale,
    platform: Iterable[Layer],
    sources: Sources,
    environment: Document,
    names: Iterable[str],
) -> Kept:
    """Return what the components of these domains keep in the object store.

    Settings with a mistake count as none: the mistake is told when the domain is resolved.

    Args:
        registry: All components.
        scale: The environment's.
        platform: The layers of the platform.
        sources: All documents.
        environment: The environment's.
        names: The domains that it has.
    """
    keeping = sorted({one.slot for one in registry.announced if one.keeps})
    inherited = tuple(platform)
    found = {}
    for name in names:
        above = inherited_layers(inherited, sources, environment, name)
        layers = (*above, *scopes.domain_layers(sources.domains[name], environment, name))
        kept = tuple(one for slot in keeping for one in _of_slot(registry, slot, scale, layers, name))
        if kept:
            found[name] = kept
    return found


def _of_slot(registry: Registry, slot: str, scale: Scale, layers: Iterable[Layer], domain: str) -> Iterator[KeptFiles]:
    path, layers = slot_path(slot), tuple(layers)
    if not any(_keeps(registry, slot, at(layer.data, path)) for layer in layers):
        return  # most domains: nothing has to be merged
    chosen = [Layer(one.name, slots.pick(one.data, [path]), one.document, one.prefix) for one in layers]
    merged = slots.with_profiles(registry, [slot], scale, chosen)
    filled = slots.configured(registry, slot, merged, Unread())
    if filled and filled[0].keeps:
        kept = filled[0].keeps(domain, filled[1])
        if kept:
            yield kept


def _keeps(registry: Registry, slot: str, value: Any) -> bool:
    kind = value.get("type") if isinstance(value, Mapping) else None
    component = registry.get((slot, str(kind)))
    return component is not None and component.keeps is not None


def users_of(kept: Kept) -> Iterator[ServedProduct]:
    """Yield the logins that components of domains need."""
    for domain, files in kept.items():
        for one in files:
            for name, folder in one.users:
                yield ServedProduct(domain, name, folders=(folder,), only_files=True)


def folders_of(kept: Kept, domain: str, product: str) -> tuple[StoreFolder, ...]:
    """Return the folders that a product has where the components of its domain keep files, sorted."""
    own = product_namespace(domain, product)
    return tuple(
        sorted(
            StoreFolder(f"{one.of_products.path}{own}/", one.of_products.writes, one.of_products.bucket)
            for one in kept.get(domain, ())
            if one.of_products
        )
    )
