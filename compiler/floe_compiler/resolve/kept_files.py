"""What components of domains keep in the object store besides tables, before the domains are resolved.

The store is of the platform, which is resolved first, and makes a login for each user of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from floe_compiler.model.data_access import KeptFiles, ServedProduct, StoreFolder, product_namespace
from floe_compiler.model.diagnostics import Unread
from floe_compiler.model.document import Document
from floe_compiler.model.inputs import Scale
from floe_compiler.model.nested_fields import mapping
from floe_compiler.model.sources import Sources
from floe_compiler.resolve import scopes, slots
from floe_compiler.resolve.layers import Layer
from floe_compiler.resolve.rollout import inherited_layers
from floe_compiler.resolve.slots import Registry, slot_path

FilesByDomain = Mapping[str, tuple[KeptFiles, ...]]
"""What the components of each domain keep."""


def kept_files(
    registry: Registry,
    scale: Scale,
    platform: Iterable[Layer],
    sources: Sources,
    environment: Document,
    names: Iterable[str],
) -> FilesByDomain:
    """Return what the components of these domains keep in the object store.

    Settings with a mistake are ignored: the mistake is reported when the domain is resolved.

    Args:
        registry: All components.
        scale: The environment's.
        platform: The layers of the platform.
        sources: All documents.
        environment: The environment's.
        names: The domains that it has.
    """
    keeping = _types_that_keep(registry)
    inherited = tuple(platform)
    by_domain = {}
    for name in names:
        above = inherited_layers(inherited, sources, environment, name)
        layers = (*above, *scopes.domain_layers(sources.domains[name], environment, name))
        files_kept = tuple(
            files for slot in keeping for files in _of_slot(registry, slot, keeping[slot], scale, layers, name)
        )
        if files_kept:
            by_domain[name] = files_kept
    return by_domain


def _types_that_keep(registry: Registry) -> Mapping[str, Collection[str]]:
    """Return the types of components that keep files, by slot, sorted."""
    types: dict[str, set[str]] = defaultdict(set)
    for component in registry.announced:
        if component.keeps:
            types[component.slot].add(component.type)
    return dict(sorted(types.items()))


def _of_slot(
    registry: Registry, slot: str, types: Collection[str], scale: Scale, layers: Sequence[Layer], domain: str
) -> Iterator[KeptFiles]:
    path = slot_path(slot)
    if not any(str(mapping(layer.data, path).get("type")) in types for layer in layers):
        return  # most domains: nothing has to be merged
    chosen = [Layer(layer.name, slots.pick(layer.data, [path]), layer.document, layer.prefix) for layer in layers]
    merged = slots.with_profiles(registry, [slot], scale, chosen)
    filled = slots.configured(registry, slot, merged, Unread())
    if filled and filled[0].keeps:
        files = filled[0].keeps(domain, filled[1])
        if files:
            yield files


def users_of(files_by_domain: FilesByDomain) -> Iterator[ServedProduct]:
    """Yield the logins that components of domains need."""
    for domain, of_components in files_by_domain.items():
        for files in of_components:
            for name, folder in files.users:
                yield ServedProduct(domain, name, folders=(folder,), only_files=True)


def folders_of(files_by_domain: FilesByDomain, domain: str, product: str) -> tuple[StoreFolder, ...]:
    """Return the folders that a product has where the components of its domain keep files, sorted."""
    own = product_namespace(domain, product)
    return tuple(
        sorted(
            StoreFolder(f"{files.of_products.path}{own}/", files.of_products.writes, files.of_products.bucket)
            for files in files_by_domain.get(domain, ())
            if files.of_products
        )
    )
