"""How far the changes of a roll-out are: which rings have them in an environment, and who sets the same."""

from __future__ import annotations

from collections.abc import Iterator

from floe_compiler.model.document import Document, show_path
from floe_compiler.model.rollout import ChangeProgress, OwnSetting, RingProgress
from floe_compiler.model.sources import Sources
from floe_compiler.resolve.layers import Layer, leaves, merge
from floe_compiler.resolve.presence import domains_in
from floe_compiler.resolve.rollout import CHANGES, ROLLOUT, Change, changes_in, rings_of
from floe_compiler.resolve.scopes import domain_layers, platform_layers


def rollout_progress(sources: Sources, environments: tuple[str, ...] = ()) -> tuple[ChangeProgress, ...]:
    """Return how far each change is in each of the environments (default: all), in the order of the manifest.

    Args:
        sources: All documents, which are valid.
        environments: The names of environments.
    """
    names = environments or tuple(sorted(sources.environments))
    by_environment = {name: changes_in(sources, sources.environments[name]) for name in names}
    first = next(iter(by_environment.values()), ())
    return tuple(
        ChangeProgress(
            change.name,
            change.description,
            sources.manifest.key_span((ROLLOUT, CHANGES, change.name)),
            {name: tuple(_rings(sources, name, changes[number])) for name, changes in by_environment.items()},
        )
        for number, change in enumerate(first)
    )


def _rings(sources: Sources, environment: str, change: Change) -> Iterator[RingProgress]:
    document = sources.environments[environment]
    present = domains_in(sources, document, environment)
    for number, ring in enumerate(rings_of(sources), start=1):
        domains = tuple(domain for domain in ring.domains if domain in present)
        own = tuple(setting for domain in domains for setting in _own(sources, document, domain, change))
        yield RingProgress(ring.name, change.rings >= number, domains, own)


def _own(sources: Sources, document: Document, domain: str, change: Change) -> Iterator[OwnSetting]:
    """Yield the settings of a change that a stronger layer sets for a domain, so that the change does not matter."""
    environment = platform_layers(sources, document)[-1]
    layers: list[Layer] = [change.layer, environment, *domain_layers(sources.domains[domain], document, domain)]
    merged = merge(layers)
    for path, _ in leaves(change.layer.data):
        origin = merged.origin(path)
        if origin and origin.layer is not change.layer and origin.span:
            yield OwnSetting(domain, show_path(path), origin.span)
